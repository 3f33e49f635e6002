import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { fraction } from "./fraction.ts";
import { listOf, mapBy, setOf } from "./list.ts";
import { backendObjectReference, localObjectReference } from "./object-reference.ts";
import { type Report, rule } from "./rule.ts";
import { headerName, headerValue, portNumber, preciseHostname, text } from "./text.ts";

/** Characters that a URL path may have. */
export const urlPath = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$/;

const httpHeader = z.object({ name: headerName, value: headerValue });

/** Spec: HTTPHeaderFilter. */
export const headerModifier = z.object({
  set: z.exactOptional(mapBy(httpHeader, ["name"], { max: 16 })),
  add: z.exactOptional(mapBy(httpHeader, ["name"], { max: 16 })),
  remove: z.exactOptional(setOf(z.string(), { max: 16 })),
});

/** Spec: HTTPRequestMirrorFilter. */
export const requestMirror = z
  .object({
    backendRef: backendObjectReference,
    percent: z.exactOptional(z.int32().min(0).max(100)),
    fraction: z.exactOptional(fraction),
  })
  .check(
    rule((value, report) => {
      if (value.percent !== undefined && value.fraction !== undefined) {
        report(["fraction"], "is set together with percent", "Keep percent or fraction, not both.");
      }
    }),
  );

const pathModifier = z
  .object({
    type: z.enum(["ReplaceFullPath", "ReplacePrefixMatch"]),
    replaceFullPath: z.exactOptional(text({ max: 1024 })),
    replacePrefixMatch: z.exactOptional(text({ max: 1024 })),
  })
  .check(
    rule((value, report) => {
      member(
        value,
        "type",
        value.type,
        { ReplaceFullPath: "replaceFullPath", ReplacePrefixMatch: "replacePrefixMatch" },
        report,
      );
    }),
  );

/** Spec: HTTPRequestRedirectFilter. */
const requestRedirect = z.object({
  scheme: z.exactOptional(z.enum(["http", "https"])),
  hostname: z.exactOptional(preciseHostname),
  path: z.exactOptional(pathModifier),
  port: z.exactOptional(portNumber),
  statusCode: z.literal([301, 302, 303, 307, 308]).default(302),
});

/** Spec: HTTPURLRewriteFilter. */
const urlRewrite = z.object({ hostname: z.exactOptional(preciseHostname), path: z.exactOptional(pathModifier) });

const starAlone = (what: string) =>
  rule((values: readonly string[], report) => {
    if (values.length > 1 && values.includes("*")) {
      report(
        [values.indexOf("*")],
        `is "*" together with other ${what}`,
        `Keep "*" alone, or remove it and list the ${what}.`,
      );
    }
  });

/** Spec: HTTPCORSFilter. */
const cors = z.object({
  allowOrigins: z.exactOptional(
    setOf(
      text({
        min: 1,
        max: 253,
        pattern: /(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)/,
        words: 'an origin such as `https://shop.example.com`, with a scheme and without a path, or `"*"`',
      }),
      { max: 64 },
    ).check(starAlone("origins")),
  ),
  allowCredentials: z.exactOptional(z.boolean()),
  allowMethods: z.exactOptional(
    setOf(z.enum(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"]), {
      max: 9,
    }).check(starAlone("methods")),
  ),
  allowHeaders: z.exactOptional(setOf(headerName, { max: 64 }).check(starAlone("headers"))),
  exposeHeaders: z.exactOptional(setOf(headerName, { max: 64 })),
  maxAge: z.int32().min(1).default(5),
});

/** Spec: HTTPExternalAuthFilter (GEP-1494). */
export const externalAuth = z
  .object({
    protocol: z.enum(["HTTP", "GRPC"]),
    backendRef: backendObjectReference,
    grpc: z.exactOptional(z.object({ allowedHeaders: z.exactOptional(setOf(z.string(), { max: 64 })) })),
    http: z.exactOptional(
      z.object({
        path: z.exactOptional(text({ max: 1024, pattern: urlPath, words: "a URL path such as `/verify`" })),
        allowedHeaders: z.exactOptional(setOf(z.string(), { max: 64 })),
        allowedResponseHeaders: z.exactOptional(setOf(z.string(), { max: 64 })),
      }),
    ),
    forwardBody: z.exactOptional(z.object({ maxSize: z.exactOptional(z.int32().min(0)) })),
  })
  .check(rule((value, report) => member(value, "protocol", value.protocol, { HTTP: "http", GRPC: "grpc" }, report)));

const filterFields = {
  RequestHeaderModifier: "requestHeaderModifier",
  ResponseHeaderModifier: "responseHeaderModifier",
  RequestMirror: "requestMirror",
  RequestRedirect: "requestRedirect",
  URLRewrite: "urlRewrite",
  CORS: "cors",
  ExternalAuth: "externalAuth",
  ExtensionRef: "extensionRef",
} as const;

/** The value of a discriminator demands its own field and forbids the others'. */
export function member(
  value: object,
  discriminator: string,
  type: string,
  fields: Readonly<Record<string, string>>,
  report: Report,
): void {
  for (const [name, field] of Object.entries(fields)) {
    const present = Object.hasOwn(value, field);
    if (name === type && !present) {
      report(
        [field],
        `is missing, and ${discriminator} is ${type}`,
        `Add ${field}, or write another ${discriminator}.`,
      );
    }
    if (name !== type && present) {
      report(
        [field],
        `is set, but ${discriminator} is ${type}`,
        `Write \`${discriminator}: ${name}\`, or remove ${field}.`,
      );
    }
  }
}

const typeRule = rule((filter: { readonly type: string }, report) =>
  member(filter, "type", filter.type, filterFields, report),
);

/** Spec: HTTPRouteFilter. The field named for `type` is always there, and only that one. */
export const httpRouteFilter = z
  .object({
    type: z.enum([
      "RequestHeaderModifier",
      "ResponseHeaderModifier",
      "RequestMirror",
      "RequestRedirect",
      "URLRewrite",
      "ExtensionRef",
      "CORS",
      "ExternalAuth",
    ]),
    requestHeaderModifier: z.exactOptional(headerModifier),
    responseHeaderModifier: z.exactOptional(headerModifier),
    requestMirror: z.exactOptional(requestMirror),
    requestRedirect: z.exactOptional(requestRedirect),
    urlRewrite: z.exactOptional(urlRewrite),
    cors: z.exactOptional(cors),
    externalAuth: z.exactOptional(externalAuth),
    extensionRef: z.exactOptional(localObjectReference),
  })
  .check(typeRule);

/** Spec: GRPCRouteFilter. */
export const grpcRouteFilter = z
  .object({
    type: z.enum(["ResponseHeaderModifier", "RequestHeaderModifier", "RequestMirror", "ExtensionRef"]),
    requestHeaderModifier: z.exactOptional(headerModifier),
    responseHeaderModifier: z.exactOptional(headerModifier),
    requestMirror: z.exactOptional(requestMirror),
    extensionRef: z.exactOptional(localObjectReference),
  })
  .check(typeRule);

/** Spec: ListenerRequestFilter (GEP-5224). */
export const listenerRequestFilter = z
  .object({
    type: z.enum(["ExternalAuth", "ExtensionRef"]),
    externalAuth: z.exactOptional(externalAuth),
    extensionRef: z.exactOptional(localObjectReference),
  })
  .check(typeRule);

const once: readonly string[] = [
  "RequestHeaderModifier",
  "ResponseHeaderModifier",
  "RequestRedirect",
  "URLRewrite",
  "CORS",
];

/** Some filters may stand once in a list, and a redirect never beside a rewrite. */
const filterListRule = rule((filters: readonly { readonly type: string }[], report) => {
  filters.forEach((filter, index) => {
    const first = filters.findIndex((other) => other.type === filter.type);
    if (first < index && once.includes(filter.type)) {
      report(
        [index, "type"],
        `is a second ${filter.type}; the first is at index ${first}`,
        `Merge the two ${filter.type} filters into one.`,
      );
    }
  });
  const redirect = filters.findIndex((filter) => filter.type === "RequestRedirect");
  const rewrite = filters.findIndex((filter) => filter.type === "URLRewrite");
  if (redirect >= 0 && rewrite >= 0) {
    report(
      [Math.max(redirect, rewrite), "type"],
      "combines a URLRewrite with a RequestRedirect",
      "Keep one of the two; a redirect can change the path too.",
    );
  }
});

export const httpRouteFilters = listOf(httpRouteFilter, { max: 16 }).check(filterListRule);
export const grpcRouteFilters = listOf(grpcRouteFilter, { max: 16 }).check(filterListRule);

export type HttpRouteFilter = DeepReadonly<z.output<typeof httpRouteFilter>>;
export type GrpcRouteFilter = DeepReadonly<z.output<typeof grpcRouteFilter>>;
export type ListenerRequestFilter = DeepReadonly<z.output<typeof listenerRequestFilter>>;
