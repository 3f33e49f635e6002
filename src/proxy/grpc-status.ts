/**
 * What a failure is called in gRPC: answers of our own to gRPC calls carry a gRPC status, not an HTTP page.
 * `docs/reference/grpc.md` is written from these tables.
 */
import type { ProxyErrorKind } from "./error.ts";

/** Status codes of gRPC by name. gRPC, "Status codes and their use in gRPC". */
export const grpcStatus = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type GrpcStatusName = keyof typeof grpcStatus;

const names = Object.keys(grpcStatus) as readonly GrpcStatusName[];

/** Name of a status code; one that gRPC does not define is `UNKNOWN`, as clients read it. */
export function grpcStatusName(code: number): GrpcStatusName {
  return names[code] ?? "UNKNOWN";
}

/** The status of each failure of the gateway. `UNAVAILABLE` is what clients take for safe to try again. */
export const grpcStatusOfError = {
  malformed: "INTERNAL",
  bodyTooLarge: "RESOURCE_EXHAUSTED",
  requestStalled: "CANCELLED",
  bodyGaveWay: "UNAVAILABLE",
  clientGone: "CANCELLED",
  noRoute: "UNIMPLEMENTED",
  ambiguousPath: "INTERNAL",
  misdirected: "UNAVAILABLE",
  invalidBackend: "UNAVAILABLE",
  internal: "INTERNAL",
  authUnavailable: "PERMISSION_DENIED",
  grpcNeedsHttp2: "UNIMPLEMENTED",
  unsupportedProtocol: "UNAVAILABLE",
  overflow: "UNAVAILABLE",
  descriptors: "UNAVAILABLE",
  retryBudget: "UNAVAILABLE",
  circuitOpen: "UNAVAILABLE",
  noEndpoints: "UNAVAILABLE",
  noFitEndpoints: "UNAVAILABLE",
  addressRefused: "UNAVAILABLE",
  connectFailed: "UNAVAILABLE",
  endpointGone: "UNAVAILABLE",
  connectTimeout: "UNAVAILABLE",
  upstreamTls: "UNAVAILABLE",
  upstreamReset: "UNAVAILABLE",
  upstreamGarbage: "INTERNAL",
  backendTimeout: "DEADLINE_EXCEEDED",
  routeTimeout: "DEADLINE_EXCEEDED",
} as const satisfies Readonly<Record<ProxyErrorKind, GrpcStatusName>>;

/** The status of an answer that only has an HTTP status: that of a filter. Others are `UNKNOWN`. */
export const grpcStatusOfHttp: Readonly<Record<number, GrpcStatusName>> = {
  400: "INTERNAL",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "UNIMPLEMENTED",
  408: "DEADLINE_EXCEEDED",
  409: "ABORTED",
  412: "FAILED_PRECONDITION",
  413: "RESOURCE_EXHAUSTED",
  429: "RESOURCE_EXHAUSTED",
  431: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  501: "UNIMPLEMENTED",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

export function grpcStatusForHttp(status: number): GrpcStatusName {
  return grpcStatusOfHttp[status] ?? "UNKNOWN";
}
