/**
 * What went wrong with a request, as a short code for the access log. Codes that Envoy's users know keep their meaning.
 * `docs/reference/response-flags.md` is written from this table.
 */
export const responseFlags = {
  "-": {
    status: "any",
    meaning: "No error in the gateway; the status is from the backend or a filter.",
  },
  NR: { status: "404", meaning: "No route matched the request." },
  NC: {
    status: "500",
    meaning: "The rule has no valid backend: its references do not resolve, or every weight is 0.",
  },
  NE: { status: "503", meaning: "The backend has no ready endpoints." },
  UH: {
    status: "503",
    meaning: "All endpoints of the backend are unhealthy or ejected, and healthCheck.panicThreshold is 0.",
  },
  AC: {
    status: "503",
    meaning: "Refused by admissionControl of a BackendTrafficPolicy: too many requests to the backend fail.",
  },
  FE: {
    status: "500",
    meaning: "A filter of the rule cannot be applied, for example because its ExtensionRef does not exist.",
  },
  MR: { status: "421", meaning: "The request came over a TLS connection for another listener's hostname." },
  DPE: {
    status: "400 or 405",
    meaning: "The request violates the protocol, is ambiguous, or has a method that the listener refuses.",
  },
  DL: {
    status: "413, 414 or 431",
    meaning: "The request is larger than the gateway's limit for its target, headers or body.",
  },
  DT: { status: "408", meaning: "The client was too slow to send its request." },
  DC: { status: "any", meaning: "The client closed the connection before the response was complete." },
  UF: { status: "502, 503 or 504", meaning: "No connection to the endpoint could be made." },
  UAR: {
    status: "502",
    meaning:
      "The endpoint's address is loopback, link-local, unspecified or multicast; the gateway does not connect to these.",
  },
  UTF: {
    status: "502",
    meaning: "The TLS handshake with the endpoint failed, or its certificate is not the expected one.",
  },
  UC: { status: "502", meaning: "The endpoint closed the connection before the response was complete." },
  UPE: {
    status: "502",
    meaning: "The endpoint does not speak the configured protocol (appProtocol), or its response violates it.",
  },
  UT: { status: "504", meaning: "The endpoint did not answer within timeouts.backendRequest." },
  RT: { status: "504", meaning: "The request did not finish within timeouts.request." },
  UO: {
    status: "503",
    meaning:
      "The backend has reached its limit of connections or of its circuit breaker, or its retry budget is used up.",
  },
  URX: { status: "any", meaning: "All retries that the rule allows failed; the last response was passed on." },
  RL: { status: "429 or the policy's own", meaning: "The request exceeded a limit of the rule's policies." },
  RLSE: { status: "500", meaning: "Nobody could be asked who counts requests, and the policy lets none pass then." },
  EPE: { status: "500 or the policy's own", meaning: "The external processing service did not give a valid answer." },
  EPR: { status: "the service's own", meaning: "The external processing service answered the request itself." },
  FI: { status: "any", meaning: "A fault was injected, as a BackendTrafficPolicy says." },
  UAEX: { status: "401, 403 or the server's own", meaning: "The external authorisation server refused the request." },
  AL: {
    status: "403 or the filter's own",
    meaning: "The client's address is not one that a filter of the rule lets in.",
  },
  UAE: { status: "403", meaning: "The external authorisation server did not give a valid answer." },
  JWT: { status: "401", meaning: "The request has no valid token (SecurityPolicy.jwt)." },
  JWU: { status: "503", meaning: "The keys that tokens are verified with cannot be had (SecurityPolicy.jwt)." },
  LN: { status: "302 or 401", meaning: "The request needs a login: it was sent to the provider, or refused." },
  LF: {
    status: "401, 500, 502 or 503",
    meaning:
      "A login failed: its callback is not valid, the provider refused it, or the provider gave no valid answer.",
  },
  CS: { status: "403", meaning: "A page of another origin asked for a change, which csrf forbids." },
  CR: { status: "401", meaning: "The password or the API key of the request is missing or wrong." },
  CO: { status: "503", meaning: "Too many passwords wait to be checked." },
  RBAC: {
    status: "403, none (streams)",
    meaning: "The rules of a SecurityPolicy's authorization do not allow the request, or the stream.",
  },
  SI: { status: "none (streams)", meaning: "A TCP or TLS stream was idle for longer than the timeout." },
  SE: {
    status: "none (streams)",
    meaning: "A UDP session was closed to make room for a new one: its listener had reached its limit.",
  },
  DR: { status: "503", meaning: "The gateway is shutting down." },
  IE: { status: "500", meaning: "An error inside the gateway; the process log has the details." },
} as const satisfies Readonly<Record<string, { readonly status: string; readonly meaning: string }>>;

export type ResponseFlag = keyof typeof responseFlags;
