/**
 * Why a request failed in the gateway, and what the client, the log and a retry are told. The one place where a failure
 * becomes a status. Malformed requests have their own table, with the status of each: `wire/http1/fault.ts`.
 */
import type { ResponseFlag } from "../telemetry/response-flag.ts";

type ErrorRow = {
  readonly source: "client" | "gateway" | "upstream";
  readonly status: number;
  readonly flag: ResponseFlag;
  /** One sentence for the client; says nothing of the inside. */
  readonly message: string;
  /** Whether a rule's `retry` covers it: nothing of an answer was passed on, and another attempt may do better. */
  readonly retry: "never" | "allowed";
};

export const proxyErrors = {
  malformed: { source: "client", status: 400, flag: "DPE", message: "The request is malformed.", retry: "never" },
  bodyTooLarge: {
    source: "client",
    status: 413,
    flag: "DL",
    message: "The request body is larger than the limit.",
    retry: "never",
  },
  requestStalled: {
    source: "client",
    status: 408,
    flag: "DT",
    message: "The request did not arrive in time.",
    retry: "never",
  },
  /** The backend's last place went to a request that could use it. */
  bodyGaveWay: {
    source: "client",
    status: 503,
    flag: "UO",
    message: "The request body was too slow while other requests waited for the backend.",
    retry: "never",
  },
  /** The status is for the log alone: nobody is there to read it. */
  clientGone: {
    source: "client",
    status: 499,
    flag: "DC",
    message: "The client closed the connection.",
    retry: "never",
  },
  noRoute: { source: "gateway", status: 404, flag: "NR", message: "No route matches the request.", retry: "never" },
  ambiguousPath: {
    source: "client",
    status: 400,
    flag: "DPE",
    message: "The path matches a different route once its segments are resolved.",
    retry: "never",
  },
  misdirected: {
    source: "gateway",
    status: 421,
    flag: "MR",
    message: "This connection is for another host.",
    retry: "never",
  },
  invalidBackend: {
    source: "gateway",
    status: 500,
    flag: "NC",
    message: "The route has no valid backend.",
    retry: "never",
  },
  internal: { source: "gateway", status: 500, flag: "IE", message: "Internal error.", retry: "never" },
  authUnavailable: {
    source: "gateway",
    status: 403,
    flag: "UAE",
    message: "The request could not be authorised.",
    retry: "never",
  },
  grpcNeedsHttp2: {
    source: "client",
    status: 505,
    flag: "DPE",
    message: "gRPC requires HTTP/2, but this connection uses HTTP/1.1.",
    retry: "never",
  },
  unsupportedProtocol: {
    source: "gateway",
    status: 502,
    flag: "UPE",
    message: "The backend does not speak the configured protocol.",
    retry: "never",
  },
  overflow: {
    source: "gateway",
    status: 503,
    flag: "UO",
    message: "The backend has too many connections.",
    retry: "never",
  },
  circuitOpen: {
    source: "gateway",
    status: 503,
    flag: "UO",
    message: "The backend has too many requests.",
    retry: "never",
  },
  descriptors: {
    source: "gateway",
    status: 503,
    flag: "UO",
    message: "The gateway has too many connections open.",
    retry: "never",
  },
  retryBudget: {
    source: "gateway",
    status: 503,
    flag: "UO",
    message: "The retry budget of the backend is used up.",
    retry: "never",
  },
  noEndpoints: {
    source: "upstream",
    status: 503,
    flag: "NE",
    message: "The backend has no ready endpoints.",
    retry: "never",
  },
  noFitEndpoints: {
    source: "upstream",
    status: 503,
    flag: "UH",
    message: "The backend has no healthy endpoints.",
    retry: "never",
  },
  addressRefused: {
    source: "gateway",
    status: 502,
    flag: "UAR",
    message: "The backend could not be reached.",
    retry: "allowed",
  },
  connectFailed: {
    source: "upstream",
    status: 502,
    flag: "UF",
    message: "The backend could not be reached.",
    retry: "allowed",
  },
  endpointGone: {
    source: "upstream",
    status: 503,
    flag: "UF",
    message: "The backend could not be reached.",
    retry: "allowed",
  },
  connectTimeout: {
    source: "upstream",
    status: 504,
    flag: "UF",
    message: "The backend could not be reached in time.",
    retry: "allowed",
  },
  upstreamTls: {
    source: "upstream",
    status: 502,
    flag: "UTF",
    message: "The TLS handshake with the backend failed.",
    retry: "allowed",
  },
  upstreamReset: {
    source: "upstream",
    status: 502,
    flag: "UC",
    message: "The backend closed the connection.",
    retry: "allowed",
  },
  upstreamGarbage: {
    source: "upstream",
    status: 502,
    flag: "UPE",
    message: "The backend's response is invalid.",
    retry: "never",
  },
  backendTimeout: {
    source: "upstream",
    status: 504,
    flag: "UT",
    message: "The backend did not answer in time.",
    retry: "allowed",
  },
  routeTimeout: {
    source: "gateway",
    status: 504,
    flag: "RT",
    message: "The request took too long.",
    retry: "never",
  },
} as const satisfies Record<string, ErrorRow>;

export type ProxyErrorKind = keyof typeof proxyErrors;
