/**
 * What went wrong with a request, as a short code for the access log. Codes that Envoy's users know keep their meaning.
 * `docs/reference/response-flags.md` is written from this table.
 */
export const responseFlags = {
  "-": {
    status: "any",
    meaning: "Nothing went wrong in the gateway; the status is the backend's own, or a filter's answer.",
  },
  NR: { status: "404", meaning: "No route matched the request." },
  NC: {
    status: "500",
    meaning: "The rule has no valid backend: the reference does not resolve, or every weight is 0.",
  },
  NE: { status: "503", meaning: "The backend has no endpoints that are ready." },
  FE: {
    status: "500",
    meaning: "A filter of the rule cannot be honoured, for example because its ExtensionRef does not exist.",
  },
  MR: { status: "421", meaning: "The request came over a TLS connection for another listener's hostname." },
  DPE: { status: "400", meaning: "The client broke the protocol, or the request is ambiguous." },
  DL: {
    status: "413, 414 or 431",
    meaning: "The request is larger than the gateway's limit for its target, headers or body.",
  },
  DT: { status: "408", meaning: "The client was too slow to send its request." },
  DC: { status: "any", meaning: "The client closed the connection before the answer was complete." },
  UF: { status: "502, 503 or 504", meaning: "No connection to the endpoint could be made." },
  UAR: {
    status: "502",
    meaning: "The endpoint's address is loopback, link-local, unspecified or multicast, and such are not dialled.",
  },
  UTF: {
    status: "502",
    meaning: "The TLS handshake with the endpoint failed, or its certificate is not the one that was asked for.",
  },
  UC: { status: "502", meaning: "The endpoint closed the connection before the answer was complete." },
  UPE: {
    status: "502",
    meaning: "The endpoint speaks another protocol than is configured (appProtocol), or its answer broke it.",
  },
  UT: { status: "504", meaning: "The endpoint did not answer within timeouts.backendRequest." },
  RT: { status: "504", meaning: "The request did not finish within timeouts.request." },
  UO: {
    status: "503",
    meaning: "The backend has as many connections as it may, or its budget for retries is used up.",
  },
  URX: { status: "any", meaning: "Every attempt that the rule's retry allows failed; the last answer was passed on." },
  UAEX: { status: "401, 403 or the server's own", meaning: "The external authorisation server refused the request." },
  UAE: { status: "403", meaning: "The external authorisation server could not be asked." },
  SI: { status: "none (streams)", meaning: "Nothing moved on a TCP or TLS stream for as long as the idle timeout." },
  SE: {
    status: "none (streams)",
    meaning: "A UDP session made room for a new one, because its listener had as many as it may.",
  },
  DR: { status: "503", meaning: "The gateway is shutting down." },
  IE: { status: "500", meaning: "An error inside the gateway; the process log has the details." },
} as const satisfies Readonly<Record<string, { readonly status: string; readonly meaning: string }>>;

export type ResponseFlag = keyof typeof responseFlags;
