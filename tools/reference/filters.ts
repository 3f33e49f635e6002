import type { FilterKind } from "../../src/ir/filter.ts";
import { modifyPath } from "../../src/ir/path-modifier.ts";

/** What users should know of a filter beyond its fields. */
type FilterDoc = {
  /** `type` as users write it. */
  readonly types: readonly string[];
  /** Kinds of route and places in them. */
  readonly where: string;
  /** Field of the specification. */
  readonly field: string;
  readonly does: string;
  /** Rules that the specification leaves open, and how they are settled here. */
  readonly notes: readonly string[];
};

const policies = "wherever a policy is in force, before the rule's own filters";
const everywhere = "HTTPRoute and GRPCRoute rules and backendRefs";

const extensions = "HTTPRoute rules and backendRefs";

/** One entry for each kind of filter; one that is missing here is a type error. */
const filterDocs = {
  headerModifier: {
    types: ["RequestHeaderModifier", "ResponseHeaderModifier"],
    where: everywhere,
    field: "HTTPHeaderFilter",
    does: "Sets, then adds, then removes headers of the request or of the response.",
    notes: [
      "`add` appends a field line of its own to the existing values.",
      "This also applies to headers that the gateway writes, such as X-Forwarded-Proto, X-Request-Id and Date: the filter wins.",
      "When a request header is set or removed, the client's header of the same name with underscores instead of hyphens is removed too: many backends treat both as one.",
      "Response modifiers also change the gateway's own responses.",
      "Headers that frame the message or belong to a connection, and Host, cannot be changed; the finding says so.",
    ],
  },
  requestRedirect: {
    types: ["RequestRedirect"],
    where: "HTTPRoute rules",
    field: "HTTPRequestRedirectFilter",
    does: "Responds with 301, 302, 303, 307 or 308 and a `Location`; no backend is involved.",
    notes: [
      "The port is `port`; without it, that of `scheme`; without both, the listener's. 80 for http and 443 for https are omitted.",
      "Ports are those that clients use: with `--map-port 443:8443` a redirect to https names 8443.",
      "The query is kept as the client sent it. A query in replaceFullPath comes before it: `/l?x=1` makes `/l?x=1&y=2` of `?y=2`.",
      "The part of the path that is kept stays as the client sent it.",
    ],
  },
  urlRewrite: {
    types: ["URLRewrite"],
    where: "HTTPRoute rules and backendRefs",
    field: "HTTPURLRewriteFilter",
    does: "Changes the host and the path that the backend sees. The query is kept.",
    notes: [
      "The resulting path begins with exactly one slash.",
      "Characters that a path cannot hold are percent-encoded.",
      "A query in replaceFullPath comes before the request's own: `/l?x=1` makes `/l?x=1&y=2` of `?y=2`.",
    ],
  },
  requestMirror: {
    types: ["RequestMirror"],
    where: `${everywhere}; several in one rule`,
    field: "HTTPRequestMirrorFilter",
    does: "Sends a copy of every request, or of a share of them, to another backend and ignores the responses.",
    notes: [
      "The copy is made at the filter's position in the list: later filters do not change it.",
      "It is sent when the request is sent to a backend. A request that the gateway itself answers or refuses is not copied.",
      "A mirror never delays the request that it copies: a mirror that cannot keep up is dropped and counted.",
      "If the mirror's backend does not resolve, nothing is mirrored and the request is served.",
    ],
  },
  cors: {
    types: ["CORS"],
    where: "HTTPRoute rules",
    field: "HTTPCORSFilter, GEP-1767",
    does: "Answers preflight requests with 200 and adds CORS headers to responses for allowed origins.",
    notes: [
      "A preflight never reaches the backend. Without an allowed origin it gets 200 without CORS headers.",
      "A preflight is also matched as the request that it announces: method matches apply to Access-Control-Request-Method, header matches to the names in Access-Control-Request-Headers, whatever the value. Headers that browsers do not announce, such as Cookie and Accept, are matched as the preflight has them.",
      "The backend's own CORS headers for origins, credentials and exposed headers are replaced.",
      'A `"*"` in allowMethods or allowHeaders is answered with the method and headers in the preflight.',
      'A request with a Cookie gets no CORS headers where allowOrigins is `"*"` without allowCredentials. The same applies to an Authorization header, unless allowHeaders names it or is `"*"`.',
      "`Vary: Origin` is added whenever the response depends on the origin.",
    ],
  },
  externalAuth: {
    types: ["ExternalAuth"],
    where: "HTTPRoute rules and backendRefs; listeners, before routing",
    field: "HTTPExternalAuthFilter, GEP-1494; Listener.filters, GEP-5224",
    does: "Asks another server, over HTTP or gRPC, whether the request may pass.",
    notes: [
      "It fails closed: without an answer, or with a reference that does not resolve, the request is refused.",
      "Headers that are copied from the server's answer cannot come from the client.",
      "Details of the protocol: [external authorisation](external-auth.md).",
    ],
  },
  admissionControl: {
    types: ["BackendTrafficPolicy.admissionControl"],
    where: "what a BackendTrafficPolicy targets",
    field: "AdmissionControl of Envoy Gateway",
    does: "Refuses a share of the requests with 503 while too many of those that are let in fail.",
    notes: [
      "The share is that of Envoy: (requests - successes / minSuccessRate) / (requests + 1), with rejectionAggression as its root.",
      "Requests that are refused do not count as failures.",
      "Each rule of each gateway process counts for itself.",
    ],
  },
  jwt: {
    types: ["SecurityPolicy.jwt"],
    where: policies,
    field: "SecurityPolicySpec.jwt of Envoy Gateway",
    does: "Takes requests with a valid JSON Web Token of one of the providers.",
    notes: [
      "Without one the response is 401 with `WWW-Authenticate: Bearer` (RFC 6750). Without keys to verify it, 503.",
      "Headers of `claimToHeaders` never come from the client.",
      "More: [JWT](../policies/jwt.md).",
    ],
  },
  authorization: {
    types: ["SecurityPolicy.authorization"],
    where: policies,
    field: "SecurityPolicySpec.authorization of Envoy Gateway",
    does: "Allows or denies requests by rules, of which the first that matches decides.",
    notes: [
      "The response to a request that is denied is 403.",
      "Where it cannot be told whether a rule matches, one that denies does and one that allows does not.",
      "More: [authorization](../policies/authorization.md).",
    ],
  },
  csrf: {
    types: ["SecurityPolicy.csrf"],
    where: "rules that a SecurityPolicy is in force on",
    field: "SecurityPolicy.csrf",
    does: "Refuses POST, PUT, DELETE and PATCH with 403 when a page of another origin asks for them.",
    notes: ["Details: [CSRF](../policies/csrf.md)."],
  },
  oidc: {
    types: ["SecurityPolicy.oidc"],
    where: "rules that a SecurityPolicy is in force on",
    field: "SecurityPolicy.oidc",
    does: "Lets in who has logged in at an OpenID provider, and sends others there.",
    notes: [
      "It fails closed: without the client's secret, or with a provider that gives no valid answer, nobody comes in.",
      "Details: [OIDC](../policies/oidc.md).",
    ],
  },
  basicAuth: {
    types: ["basicAuth of a SecurityPolicy"],
    where: "rules on which the policy is in force",
    field: "BasicAuth of Envoy Gateway; RFC 7617",
    does: "Asks for a user and a password of a file of htpasswd.",
    notes: ["Fields, formats and limits: [basic auth](../policies/basic-auth.md)."],
  },
  apiKeyAuth: {
    types: ["apiKeyAuth of a SecurityPolicy"],
    where: "rules on which the policy is in force",
    field: "APIKeyAuth of Envoy Gateway",
    does: "Asks for the API key of a client.",
    notes: ["Fields and limits: [API keys](../policies/api-keys.md)."],
  },
  credentialInjection: {
    types: ["ExtensionRef to an HTTPRouteFilter with credentialInjection"],
    where: "HTTPRoute and GRPCRoute rules and backendRefs",
    field: "HTTPCredentialInjectionFilter of Envoy Gateway",
    does: "Gives requests a credential for the backend.",
    notes: ["Fields: [credential injection](../policies/credential-injection.md)."],
  },
  listenerChecks: {
    types: ["ClientTrafficPolicy"],
    where: "listeners, before routing",
    field: "ClientTrafficPolicy: healthCheck, path, headers, clientIPDetection",
    does: "Answers health checks, refuses requests and tidies them up before anything else looks at them.",
    notes: ["Details: [client traffic](../policies/client-traffic.md)."],
  },
  addressAllowList: {
    types: ["ExtensionRef to a Middleware with ipAllowList"],
    where: everywhere,
    field: "IPAllowList of Traefik",
    does: "Lets in clients whose address is in one of the networks; all others get 403, or the status of the filter.",
    notes: [
      "Without ipStrategy the address is that of the connection, as in Traefik. X-Forwarded-For counts as far as proxies in front are trusted (`--trusted-hops`); without them it is empty, and nobody is let in by it.",
    ],
  },
  pathEdit: {
    types: [
      "ExtensionRef to a Middleware with addPrefix, replacePath, replacePathRegex, stripPrefix or stripPrefixRegex",
    ],
    where: everywhere,
    field: "AddPrefix, ReplacePath, ReplacePathRegex, StripPrefix, StripPrefixRegex of Traefik",
    does: "Changes the path that the backend sees, and tells it of the old one by X-Replaced-Path or X-Forwarded-Prefix.",
    notes: [
      "The path is looked at in the form in which it is matched, as earlier filters have left it.",
      "A client's own X-Replaced-Path or X-Forwarded-Prefix does not stay beside the gateway's.",
    ],
  },
  urlRedirect: {
    types: ["ExtensionRef to a Middleware with redirectRegex or redirectScheme"],
    where: everywhere,
    field: "RedirectRegex, RedirectScheme of Traefik",
    does: "Redirects requests whose URL is not yet the one to go to; all others pass.",
    notes: ["The status is 301 or 302 for GET, and 308 or 307 for all other methods."],
  },
  strictTransport: {
    types: ["ExtensionRef to a Middleware with headers.stsSeconds"],
    where: everywhere,
    field: "Headers of Traefik",
    does: "Sets Strict-Transport-Security in answers to requests over TLS, or with forceSTSHeader in all.",
    notes: [],
  },
  fixedCors: {
    types: ["Ingress: enable-cors"],
    where: "locations of Ingresses",
    field: "annotations cors-*",
    does: "Answers OPTIONS requests of allowed origins with 204, and sets the same headers of CORS on all other answers to them.",
    notes: ["Unlike CORS, it does so whatever was asked, on answers of the gateway's own as well."],
  },
  authRequest: {
    types: ["Ingress: auth-url"],
    where: "locations of Ingresses",
    field: "annotations auth-*",
    does: "Asks a server about every request: success lets it pass, 401 and 403 refuse it with a page of the gateway's, anything else is a 500.",
    notes: ["Headers of the permission that are named take the place of the client's; a missing one is removed."],
  },
  anyOf: {
    types: ["Ingress: satisfy any"],
    where: "locations of Ingresses",
    field: "annotation satisfy",
    does: "Lets in whom one of several filters lets in: by address, password, key or permission.",
    notes: [
      "They are asked in order, and none behind the first that agrees. A refusal with 401 counts before one with 403.",
    ],
  },
  clientCertificate: {
    types: ["Ingress: auth-tls-secret"],
    where: "hosts of Ingresses",
    field: "annotations auth-tls-*",
    does: "Refuses clients by their certificates with 400 or 403 once the connection is there, and tells backends who the others are.",
    notes: [
      "Backends get ssl-client-verify, ssl-client-subject-dn, ssl-client-issuer-dn and, where it is asked for, ssl-client-cert; a client's own headers of these names never pass.",
    ],
  },
  directResponse: {
    types: ["ExtensionRef: HTTPRouteFilter directResponse"],
    where: everywhere,
    field: "HTTPRouteFilter.extensionRef; HTTPDirectResponseFilter of Envoy Gateway",
    does: "Answers by itself. With a reference that does not resolve, requests get 500: a filter must not be skipped.",
    notes: [
      "The finding has the reason of a 500; the response to the client does not.",
      "How to write one: [HTTPRouteFilter](../policies/http-route-filter.md).",
    ],
  },
  conditionalAnswer: {
    types: ["none: the gateway puts it into rules that come from Ingresses"],
    where: "rules of Ingresses",
    field: "",
    does: "Answers requests that fit its conditions (header, cookie, method, path, query, scheme) with a status, a Location made of parts of the request, or content.",
    notes: ["The first row that a request fits counts; a request that fits none passes."],
  },
  regexRewrite: {
    types: ["ExtensionRef: HTTPRouteFilter urlRewrite"],
    where: extensions,
    field: "HTTPURLRewriteFilter of Envoy Gateway",
    does: "Replaces what a regular expression matches in the path, and takes the host from a header or from the path.",
    notes: [
      "The path is looked at without its query, in the form in which it is matched.",
      "`\\1` to `\\9` stand for groups, `\\0` for the whole match. A query in the substitution comes before the request's own.",
      "A value that is no host leaves the host of the request.",
      "The cost is bounded: a path of thousands of characters that matches again and again gets 414.",
    ],
  },
  headerMutation: {
    types: ["ExtensionRef: HTTPRouteFilter headerMutation"],
    where: extensions,
    field: "Sluice's own",
    does: "Changes headers of requests and responses, with values from the request.",
    notes: [
      "In order: set, add, addIfAbsent, remove, removeOnMatch. Values are taken before the first change.",
      "Control characters in a value are percent-encoded, so that no value can end a header.",
      "A value that comes out empty is not written; with `set` the header is removed all the same.",
    ],
  },
  responseRewrite: {
    types: ["ExtensionRef: HTTPRouteFilter responseRewrite"],
    where: extensions,
    field: "Sluice's own; nginx's proxy_redirect, proxy_cookie_domain and proxy_cookie_path",
    does: "Rewrites the beginning of Location and Content-Location, and the domain and path of cookies.",
    notes: ["The gateway's own responses are left alone.", "The first row that fits counts."],
  },
  externalProcessing: {
    types: ["ExtensionPolicy extProc"],
    where: policies,
    field: "ExtProc of Envoy Gateway; envoy.service.ext_proc.v3",
    does: "Shows requests and responses to a gRPC service, which changes them or answers itself.",
    notes: [
      "Without an answer of the service, requests get statusOnError, or go on with failOpen.",
      "Details: [external processing](../policies/external-processing.md).",
    ],
  },
  faultInjection: {
    types: ["BackendTrafficPolicy faultInjection"],
    where: policies,
    field: "FaultInjection of Envoy Gateway",
    does: "Delays a share of the requests, and answers a share of them with an error.",
    notes: ["The access log marks aborted requests with FI."],
  },
  compression: {
    types: ["BackendTrafficPolicy compression"],
    where: policies,
    field: "Compression of Envoy Gateway",
    does: "Compresses what backends answer with gzip, Brotli or Zstandard, as the client accepts.",
    notes: [
      "Only text and similar types, from minContentLength on, or without a length.",
      "Never what is encoded, event streams, ranges, and with `Cache-Control: no-transform` or a digest of the content.",
      "`Vary: Accept-Encoding` is added, and an ETag becomes weak.",
    ],
  },
  responseOverride: {
    types: ["BackendTrafficPolicy responseOverride"],
    where: policies,
    field: "ResponseOverride of Envoy Gateway",
    does: "Replaces responses by their status: with a response of its own, a redirect, or what an error-page service says.",
    notes: [
      "The first row that fits counts.",
      "Headers that do not describe the content stay, such as WWW-Authenticate and Retry-After.",
    ],
  },
  localRateLimit: {
    types: ["rateLimit.local"],
    where: "BackendTrafficPolicy",
    field: "LocalRateLimit of Envoy Gateway",
    does: "Limits requests by token buckets that the process keeps. Above the limit: 429 with Retry-After.",
    notes: ["Details: [rate limits](../policies/rate-limit.md)."],
  },
  globalRateLimit: {
    types: ["rateLimit.global"],
    where: "BackendTrafficPolicy",
    field: "GlobalRateLimit of Envoy Gateway",
    does: "Limits requests by what a rate limit service, or a Redis or Valkey server, counts for all gateways together.",
    notes: ["Details: [rate limits](../policies/rate-limit.md)."],
  },
  concurrency: {
    types: ["concurrency"],
    where: "BackendTrafficPolicy",
    field: "A field of Sluice's own",
    does: "Limits the requests that are being answered at a time, in all or for each client. Above the limit: 429.",
    notes: ["Details: [requests and bodies](../policies/traffic-limits.md)."],
  },
  requestBuffer: {
    types: ["requestBuffer"],
    where: "BackendTrafficPolicy",
    field: "RequestBuffer of Envoy Gateway",
    does: "Holds a request until its whole content is there. With more content than the limit: 413.",
    notes: ["Details: [requests and bodies](../policies/traffic-limits.md)."],
  },
  bodyLimit: {
    types: ["requestBodyLimit"],
    where: "BackendTrafficPolicy",
    field: "A field of Sluice's own",
    does: "Refuses requests with more content than the limit with 413; nothing is held back.",
    notes: ["Details: [requests and bodies](../policies/traffic-limits.md)."],
  },
  bandwidthLimit: {
    types: ["bandwidthLimit"],
    where: "BackendTrafficPolicy",
    field: "BandwidthLimit of Envoy Gateway",
    does: "Limits how fast content flows, for all requests of a rule together.",
    notes: ["Details: [requests and bodies](../policies/traffic-limits.md)."],
  },
} as const satisfies { readonly [K in FilterKind]: FilterDoc };

/** Rows of the table of path modifiers: request path, prefix match, replacement. The last column is computed. */
const pathExamples = [
  ["/foo/bar", "/foo", "/xyz"],
  ["/foo/bar", "/foo", "/xyz/"],
  ["/foo", "/foo", "/xyz"],
  ["/foo/", "/foo", "/xyz"],
  ["/foo/bar", "/foo", ""],
  ["/foo/", "/foo", ""],
  ["/foo", "/foo", "/"],
  ["/bar", "/", "/xyz"],
  ["/", "/", "/xyz"],
] as const;

/** `docs/reference/filters.md`: every filter with what it does and what the specification leaves open. */
export function renderFilterReference(): string {
  const sections = Object.entries(filterDocs).map(([kind, doc]: [string, FilterDoc]) => {
    return [
      `## ${doc.types.join(", ")}`,
      doc.does,
      [`- Where: ${doc.where}`, `- Specification: ${doc.field}`, ...doc.notes.map((note) => `- ${note}`)].join("\n"),
      `In the routing model: \`${kind}\`. Code: \`src/filter/${kind}/proxy.ts\`.`,
    ].join("\n\n");
  });
  const paths = pathExamples.map(([path, prefix, value]) => {
    const cells = [path, prefix, value || "(empty)", modifyPath({ kind: "prefix", value }, path, prefix)];
    return `| ${cells.map((cell) => `\`${cell}\``).join(" | ")} |`;
  });
  return `${[
    "# Filters",
    "What each filter does. The listener's filters run first, then the rule's, then the backendRef's, each in the order listed; for the response, in reverse.\nGenerated from `tools/reference/filters.ts` by `npm run docs`.",
    ...sections,
    "## ReplacePrefixMatch",
    "Redirects and rewrites replace the part of the path that the rule's prefix match covered.",
    `| request path | prefix match | replacement | result |\n| --- | --- | --- | --- |\n${paths.join("\n")}`,
  ].join("\n\n")}\n`;
}
