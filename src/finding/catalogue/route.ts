import type { FindingRow } from "../finding.ts";

/** SL4xxx. */
export const routeFindings = {
  "rule-dropped": {
    code: "SL4001",
    severity: "error",
    title: "A rule is invalid and is left out",
    why: "A rule that cannot be honoured as written is dropped as a whole; the route's other rules serve. (Route condition PartiallyInvalid)",
    condition: { type: "PartiallyInvalid", status: "True", reason: "UnsupportedValue" },
  },
  "route-without-valid-rule": {
    code: "SL4002",
    severity: "error",
    title: "A route has no valid rule",
    why: "Every rule of the route has a value that cannot be honoured, so the route serves nothing. (Route condition Accepted)",
    condition: { type: "Accepted", status: "False", reason: "UnsupportedValue" },
  },
  "route-filters-incompatible": {
    code: "SL4003",
    severity: "error",
    title: "A route has only rules with filters that exclude each other",
    why: "A redirect answers by itself and a rewrite changes what is sent to a backend: one request cannot have both. (HTTPRouteRule.filters)",
    condition: { type: "Accepted", status: "False", reason: "IncompatibleFilters" },
  },
  "rule-unreachable": {
    code: "SL4004",
    severity: "warning",
    title: "A rule can never match, because another always wins",
    why: "When two matches ask the same, the older route wins, then the name that comes first, then the earlier rule. (HTTPRouteRule.matches)",
  },
  "weights-sum-zero": {
    code: "SL4005",
    severity: "warning",
    title: "All weights of a rule are 0",
    why: "A backend with weight 0 gets no requests. When no backend gets any, every request of the rule is answered with 500 (gRPC: UNAVAILABLE).",
  },
  "rule-without-backends": {
    code: "SL4006",
    severity: "warning",
    title: "A rule sends its requests nowhere",
    why: "A rule without backendRefs and without a filter that answers by itself can only answer 500 (gRPC: UNAVAILABLE).",
  },
  "header-not-modifiable": {
    code: "SL4007",
    severity: "error",
    title: "A filter changes a header that is not its to change",
    why: "Headers that frame a message or belong to one connection are the gateway's own (RFC 9110 section 7.6.1); changing them would break messages or smuggle requests. Host is changed with a URLRewrite.",
  },
  "header-modified-twice": {
    code: "SL4008",
    severity: "warning",
    title: "A filter names one header twice",
    why: "Only one action per header name is permitted, and names do not differ by case: the first action counts, the others are ignored. (HTTPHeaderFilter)",
  },
  "header-match-ignored": {
    code: "SL4009",
    severity: "warning",
    title: "A match names one header twice",
    why: "Header names do not differ by case, and only the first entry of a name counts. (HTTPHeaderMatch.name)",
  },
  "extension-filter-unknown": {
    code: "SL4010",
    severity: "error",
    title: "An ExtensionRef names a filter that does not exist here",
    why: "A filter that cannot be resolved must not be skipped: requests that it would have processed are answered with 500. (HTTPRouteFilter.type)",
    condition: { type: "ResolvedRefs", status: "False", reason: "InvalidKind" },
  },
  "cors-without-origins": {
    code: "SL4011",
    severity: "warning",
    title: "A CORS filter allows no origin",
    why: "Without allowOrigins no origin is allowed, and browsers refuse every cross-origin request. (HTTPCORSFilter.allowOrigins)",
  },
  "cors-expose-wildcard": {
    code: "SL4012",
    severity: "warning",
    title: 'exposeHeaders is "*" while credentials are allowed',
    why: 'Browsers take "*" literally when a request has credentials, and the specification forbids sending it then. (HTTPCORSFilter.exposeHeaders)',
  },
  "retry-without-codes": {
    code: "SL4013",
    severity: "info",
    title: "retry lists no codes",
    why: "Without codes a request is retried only when no connection came about or the backend did not process it; an answer such as 503 is passed on. (HTTPRouteRetry.codes)",
  },
  "retry-backoff-too-long": {
    code: "SL4014",
    severity: "warning",
    title: "A retry can never happen, because the request times out first",
    why: "The wait before a retry counts towards timeouts.request. (HTTPRouteRetry.backoff)",
  },
  "mirror-share-zero": {
    code: "SL4015",
    severity: "info",
    title: "A mirror copies no requests",
    why: "A share of 0 switches the mirror off. (HTTPRequestMirrorFilter.percent, .fraction)",
  },
  "path-regex-never-matches": {
    code: "SL4016",
    severity: "warning",
    title: "A path expression can match no path",
    why: "An expression has to match the whole path, from its first slash to its last letter. (HTTPPathMatch, RegularExpression)",
  },
} as const satisfies Record<string, FindingRow>;
