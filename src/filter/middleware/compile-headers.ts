import type { FilterPartScope } from "../../compile/route/part-scope.ts";
import type { Filter, HeaderValue } from "../../ir/filter.ts";
import { compileCors } from "../cors/compile.ts";
import { whyRefused } from "../headerModifier/compile.ts";
import type { CompilePart, MiddlewareSpec } from "./compile-part.ts";

type Headers = NonNullable<MiddlewareSpec["headers"]>;

/** Headers that tell browsers what to do, and the fields that they come from: the first that gives a value counts. */
const securityHeaders: readonly (readonly [name: string, ...values: ((config: Headers) => string | undefined)[]])[] = [
  ["x-frame-options", (config) => config.customFrameOptionsValue, (config) => (config.frameDeny ? "DENY" : undefined)],
  ["x-content-type-options", (config) => (config.contentTypeNosniff ? "nosniff" : undefined)],
  [
    "x-xss-protection",
    (config) => config.customBrowserXSSValue,
    (config) => (config.browserXssFilter ? "1; mode=block" : undefined),
  ],
  ["content-security-policy", (config) => config.contentSecurityPolicy],
  ["content-security-policy-report-only", (config) => config.contentSecurityPolicyReportOnly],
  ["public-key-pins", (config) => config.publicKey],
  ["referrer-policy", (config) => config.referrerPolicy],
  ["feature-policy", (config) => config.featurePolicy],
  ["permissions-policy", (config) => config.permissionsPolicy],
];

/** What makes Traefik answer preflights. Spec: Headers.HasCorsHeadersDefined of Traefik. */
const corsFields = [
  "accessControlAllowCredentials",
  "accessControlAllowHeaders",
  "accessControlAllowMethods",
  "accessControlAllowOriginList",
  "accessControlExposeHeaders",
  "accessControlMaxAge",
  "addVaryHeader",
] as const satisfies readonly (keyof Headers)[];

/** Headers of requests and answers; an empty value removes one, and Host of a request becomes its host. Spec: Headers of Traefik. */
export const compileHeaders: CompilePart<"headers"> = (config, scope) => {
  const request = compileChanges(config.customRequestHeaders ?? {}, "request", scope);
  const response = compileChanges(config.customResponseHeaders ?? {}, "response", scope);
  const security = compileSecurity(config, scope);
  if (request === undefined || response === undefined || security === undefined) return undefined;
  return [...security, ...compileCorsFields(config, scope), ...response, ...request];
};

function compileChanges(
  headers: Readonly<Record<string, string>>,
  on: "request" | "response",
  scope: FilterPartScope,
): readonly Filter[] | undefined {
  const field = on === "request" ? "/customRequestHeaders" : "/customResponseHeaders";
  const set: HeaderValue[] = [];
  const remove: string[] = [];
  const host: Filter[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    const place = `${field}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (on === "request" && lower === "host" && value !== "") {
      host.push({ kind: "urlRewrite", hostname: value });
      continue;
    }
    const refusal = whyRefused(lower, on);
    if (refusal !== undefined) {
      const fix = `Remove ${JSON.stringify(name)}.`;
      return scope.mistake(place, { message: `It changes ${JSON.stringify(name)}, ${refusal}.`, fix });
    }
    if (!isFieldValue(value)) return unusable(place, scope);
    if (value === "") remove.push(lower);
    else set.push({ name: lower, value });
  }
  if (set.length + remove.length === 0) return host;
  return [...host, { kind: "headerModifier", on, set, add: [], remove }];
}

function compileSecurity(config: Headers, scope: FilterPartScope): readonly Filter[] | undefined {
  const set: HeaderValue[] = [];
  for (const [name, ...sources] of securityHeaders) {
    const value = sources.map((source) => source(config)).find((one) => one !== undefined && one !== "");
    if (value === undefined) continue;
    if (!isFieldValue(value)) return unusable("", scope);
    set.push({ name, value });
  }
  const sts = compileStrictTransport(config);
  return set.length === 0 ? sts : [{ kind: "headerModifier", on: "response", set, add: [], remove: [] }, ...sts];
}

function compileStrictTransport(config: Headers): readonly Filter[] {
  const { stsSeconds = 0, stsIncludeSubdomains, stsPreload, forceSTSHeader = false, isDevelopment } = config;
  if (stsSeconds === 0 || (isDevelopment && !forceSTSHeader)) return [];
  const value = `max-age=${stsSeconds}${stsIncludeSubdomains ? "; includeSubDomains" : ""}${stsPreload ? "; preload" : ""}`;
  return [{ kind: "strictTransport", value, always: forceSTSHeader }];
}

/** `Vary` says that answers depend on the origin whether that is asked for or not. */
function compileCorsFields(config: Headers, scope: FilterPartScope): readonly Filter[] {
  const isSet = corsFields.some((field) => {
    const value = config[field];
    return Array.isArray(value) ? value.length > 0 : Boolean(value);
  });
  if (!isSet) return [];
  const settings = {
    allowOrigins: config.accessControlAllowOriginList ?? [],
    allowCredentials: config.accessControlAllowCredentials ?? false,
    allowMethods: config.accessControlAllowMethods ?? [],
    allowHeaders: config.accessControlAllowHeaders ?? [],
    exposeHeaders: config.accessControlExposeHeaders ?? [],
    maxAge: config.accessControlMaxAge ?? 0,
  };
  return [compileCors(settings, scope)];
}

function unusable(field: string, scope: FilterPartScope): undefined {
  const message = "A header's value has characters that a header cannot hold.";
  return scope.mistake(field, { message, fix: "Write visible ASCII characters, spaces and tabs." });
}

function isFieldValue(value: string): boolean {
  return /^[\t -~]*$/.test(value) && value === value.trim();
}
