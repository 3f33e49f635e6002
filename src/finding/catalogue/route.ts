import type { FindingRow } from "../finding.ts";

/** SL4xxx. */
export const routeFindings = {
  "rule-dropped": {
    code: "SL4001",
    severity: "error",
    title: "An invalid rule is dropped",
    why: "A rule that cannot be served as written is dropped as a whole; the route's other rules serve. (Route condition PartiallyInvalid)",
    condition: { type: "PartiallyInvalid", status: "True", reason: "UnsupportedValue" },
  },
  "route-without-valid-rule": {
    code: "SL4002",
    severity: "error",
    title: "A route has no valid rule",
    why: "No rule of the route can be served as written, so the route serves nothing. (Route condition Accepted)",
    condition: { type: "Accepted", status: "False", reason: "UnsupportedValue" },
  },
  "route-filters-incompatible": {
    code: "SL4003",
    severity: "error",
    title: "All rules of a route have incompatible filters",
    why: "A redirect answers the request and a rewrite changes what is sent to a backend: a request cannot have both. (HTTPRouteRule.filters)",
    condition: { type: "Accepted", status: "False", reason: "IncompatibleFilters" },
  },
  "rule-unreachable": {
    code: "SL4004",
    severity: "warning",
    title: "A rule can never match, because another always wins",
    why: "Of equal matches the older route wins, then the first by namespace/name, then the earlier rule. (HTTPRouteRule.matches)",
  },
  "weights-sum-zero": {
    code: "SL4005",
    severity: "warning",
    title: "All weights of a rule are 0",
    why: "A backend with weight 0 gets no requests. If all weights are 0, every request of the rule gets 500 (gRPC: UNAVAILABLE).",
  },
  "rule-without-backends": {
    code: "SL4006",
    severity: "warning",
    title: "A rule sends its requests nowhere",
    why: "A rule without backendRefs, and without a filter that answers requests itself, can only answer 500 (gRPC: UNAVAILABLE).",
  },
  "header-not-modifiable": {
    code: "SL4007",
    severity: "error",
    title: "A filter changes a header that it may not change",
    why: "Headers that frame a message or belong to one connection are reserved for the gateway (RFC 9110 section 7.6.1); changing them could break messages or allow request smuggling. Use a URLRewrite to change Host.",
  },
  "header-modified-twice": {
    code: "SL4008",
    severity: "warning",
    title: "A filter names one header twice",
    why: "Only one action per header name is allowed, and names are case-insensitive: the first action is used, the others are ignored. (HTTPHeaderFilter)",
  },
  "header-match-ignored": {
    code: "SL4009",
    severity: "warning",
    title: "A match names one header or query parameter twice",
    why: "Only the first entry of a name is used. Header names are case-insensitive; names of query parameters are compared decoded. (HTTPHeaderMatch.name, HTTPQueryParamMatch.name)",
  },
  "extension-filter-unknown": {
    code: "SL4010",
    severity: "error",
    title: "An ExtensionRef names an unknown filter",
    why: "A filter that cannot be resolved must not be skipped: requests that it would have processed get 500. (HTTPRouteFilter.type)",
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
    why: "Without codes a request is retried only if no connection could be made or the backend did not process it; a response such as 503 is passed on. (HTTPRouteRetry.codes)",
  },
  "retry-backoff-too-long": {
    code: "SL4014",
    severity: "warning",
    title: "A retry can never happen: the request times out first",
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
    title: "A path expression can never match",
    why: "A regular expression must match the whole path, from the first slash to the last character, in the one form in which paths are compared. (HTTPPathMatch, RegularExpression)",
  },
  "path-match-never-matches": {
    code: "SL4017",
    severity: "warning",
    title: "A path match can never match",
    why: "Requests with such a path are refused before routing. (HTTPPathMatch, Exact and PathPrefix)",
  },
} as const satisfies Record<string, FindingRow>;
