import type { ProxyErrorKind } from "../../error.ts";

/** What a request learnt about an endpoint: the status of its answer, or that there was none (`timeout` and `failure`). */
export type EndpointResult = number | "timeout" | "failure";

/** What the outcome of a gRPC call says of its endpoint, as an HTTP status; as Envoy reads it. By status code. */
const httpStatusOfGrpc: readonly number[] = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
];

/** The status that a gRPC status code stands for; one that gRPC does not define is an error of the server. */
export function resultOfGrpc(code: number): number {
  return httpStatusOfGrpc[code] ?? 500;
}

/** Failures that say nothing of the endpoint. */
const faultless: ReadonlySet<ProxyErrorKind> = new Set(["descriptors", "endpointGone", "addressRefused", "overflow"]);
const timeouts: ReadonlySet<ProxyErrorKind> = new Set(["connectTimeout", "backendTimeout"]);

/** What a failure without an answer says of the endpoint. `undefined`: nothing. */
export function resultOfFailure(kind: ProxyErrorKind): EndpointResult | undefined {
  if (faultless.has(kind)) return undefined;
  return timeouts.has(kind) ? "timeout" : "failure";
}
