import type { MiddlewareSpec } from "../resource/schema/traefik/middleware.ts";
import { type CompleteTable, type FieldTable, never, neverUnsafe, served } from "./field-service.ts";

const gone = (instead: string) => neverUnsafe(`Traefik no longer has it; ${instead} does the same.`);

const types = "Types that are compressed already are left as they are, and so are event streams.";
const entry = neverUnsafe(
  "Which entry of X-Forwarded-For is the client's is a setting of the gateway: --trusted-hops.",
);

/** Which address of a client counts for a limit. */
function strategyBelow<const Path extends string>(path: Path) {
  return {
    [`${path}depth`]: ["limits", entry],
    [`${path}excludedIPs`]: ["limits", entry],
    [`${path}ipv6Subnet`]: ["limits", neverUnsafe("Each IPv6 address counts for itself.")],
  } as const satisfies FieldTable;
}

/** How a Service is spoken with, beside which one it is. */
function serviceBelow<const Path extends string>(path: Path) {
  const names = [
    ...["scheme", "passHostHeader", "weight", "strategy", "sticky", "serversTransport", "responseForwarding"],
    ...["healthCheck", "passiveHealthCheck", "nativeLB", "nodePortLB", "middlewares"],
  ];
  const row = ["error pages", never("A BackendTrafficPolicy for the Service says how it is spoken with.")] as const;
  return Object.fromEntries(names.map((name) => [`${path}${name}`, row])) satisfies FieldTable;
}

/** Of Traefik's Middleware. A rule whose filter is not served in a way that is safe answers 500. */
export const middlewareFields = {
  addPrefix: ["path", served],
  basicAuth: ["basic auth", neverUnsafe("A SecurityPolicy that targets the route has basicAuth.")],
  buffering: ["buffering", served],
  "buffering.maxResponseBodyBytes": ["buffering", neverUnsafe("Responses are passed on as they come.")],
  "buffering.memRequestBodyBytes": ["buffering", never("Nothing is put into files: content is held in memory.")],
  "buffering.memResponseBodyBytes": ["buffering", never("Responses are passed on as they come.")],
  "buffering.retryExpression": ["buffering", never("HTTPRoute has retry, and so has BackendTrafficPolicy.")],
  chain: ["chain", served],
  circuitBreaker: [
    "circuit breaker",
    neverUnsafe("There are no such expressions; BackendTrafficPolicy has circuitBreaker and healthCheck.passive."),
  ],
  compress: ["compression", served],
  "compress.defaultEncoding": ["compression", never("Clients that name no encoding get none.")],
  "compress.excludedContentTypes": ["compression", never(types)],
  "compress.includedContentTypes": ["compression", never(types)],
  contentType: ["content type", never("Sluice does not guess a Content-Type that the backend does not send.")],
  "contentType.autoDetect": ["content type", served],
  digestAuth: [
    "digest auth",
    neverUnsafe("HTTP digest needs passwords that anybody who reads them can use, with MD5; use basicAuth over TLS."),
  ],
  encodedCharacters: ["path", neverUnsafe("Which paths are refused is the same for all routes: see http-strictness.")],
  errors: ["error pages", served],
  "errors.errorRequestHeaders": [
    "error pages",
    never("The Service is sent Accept, and told of the request by headers."),
  ],
  "errors.statusRewrites": ["error pages", never("The status of the answer stays.")],
  ...serviceBelow("errors.service."),
  forwardAuth: [
    "external authorization",
    neverUnsafe("The ExternalAuth filter and extAuth of a SecurityPolicy ask a Service; a URL is not followed."),
  ],
  grpcWeb: ["gRPC-Web", never("It is a matter of the whole listener: ClientTrafficPolicy has grpc.enableWeb.")],
  headers: ["headers", served],
  "headers.accessControlAllowOriginListRegex": [
    "CORS",
    never(
      "Origins are compared as they are, or by a wildcard such as https://*.example.com in accessControlAllowOriginList.",
    ),
  ],
  "headers.allowedHosts": ["hosts", neverUnsafe("The hostnames of listeners and routes say which hosts are served.")],
  "headers.hostsProxyHeaders": ["hosts", never("Only headers of trusted proxies count: see --trusted-hops.")],
  "headers.sslProxyHeaders": ["hosts", never("Only headers of trusted proxies count: see --trusted-hops.")],
  "headers.sslRedirect": ["redirect", gone("redirectScheme")],
  "headers.sslTemporaryRedirect": ["redirect", gone("redirectScheme")],
  "headers.sslHost": ["redirect", gone("redirectRegex")],
  "headers.sslForceHost": ["redirect", gone("redirectRegex")],
  inFlightReq: ["limits", served],
  ...strategyBelow("inFlightReq.sourceCriterion.ipStrategy."),
  ipAllowList: ["addresses", served],
  ipWhiteList: ["addresses", served],
  passTLSClientCert: [
    "client certificate",
    neverUnsafe("Backends are told of client certificates by X-Forwarded-Client-Cert, for a whole listener."),
  ],
  plugin: ["code", neverUnsafe("A plugin of Traefik's runs in Traefik alone.")],
  rateLimit: ["limits", served],
  ...strategyBelow("rateLimit.sourceCriterion.ipStrategy."),
  "rateLimit.redis": ["limits", neverUnsafe("BackendTrafficPolicy has rateLimit.global, which counts in a Redis.")],
  redirectRegex: ["redirect", served],
  redirectScheme: ["redirect", served],
  replacePath: ["path", served],
  replacePathRegex: ["path", served],
  retry: [
    "retry",
    never("Retries are a matter of the whole rule: HTTPRoute has retry, and so has BackendTrafficPolicy."),
  ],
  stripPrefix: ["path", served],
  stripPrefixRegex: ["path", served],
  tap: ["mirror", neverUnsafe("RequestMirror sends copies of requests to a Service.")],
} satisfies CompleteTable<MiddlewareSpec>;
