/**
 * How endpoints are asked whether they can serve. Spec: BackendTrafficPolicy.healthCheck.active.
 */
export type HealthCheck = {
  /** From the end of one check to the next. Milliseconds. */
  readonly intervalMs: number;
  /** The first check comes after a random part of this. Milliseconds. */
  readonly initialJitterMs: number;
  /** One check as a whole. Milliseconds. */
  readonly timeoutMs: number;
  /** Failures in a row after which a healthy endpoint is unhealthy. */
  readonly unhealthyThreshold: number;
  /** Successes in a row after which an unhealthy endpoint is healthy; a new endpoint needs one. */
  readonly healthyThreshold: number;
  /** Asked instead of the endpoint's own port. 0: its own. */
  readonly port: number;
  readonly probe: HealthProbe;
};

export type HealthProbe = HttpProbe | GrpcProbe | TcpProbe;

export type HttpProbe = {
  readonly kind: "http";
  /** `Host` of the request; `""`: the endpoint's address. */
  readonly hostname: string;
  /** With its query. */
  readonly path: string;
  readonly method: string;
  /** Any of these is a success. */
  readonly expectedStatuses: readonly number[];
  /** Counted towards the threshold; any other unexpected status is the end at once. */
  readonly retriableStatuses: readonly number[];
  /** Of the request, in base64; `""`: none. */
  readonly content: string;
  /** What the content of the answer must contain, in base64; `""`: anything. */
  readonly expectedContent: string;
};

/** `grpc.health.v1.Health/Check`. */
export type GrpcProbe = {
  readonly kind: "grpc";
  /** `""`: the server as a whole. */
  readonly service: string;
};

export type TcpProbe = {
  readonly kind: "tcp";
  /** Sent once connected, in base64; `""`: nothing. */
  readonly send: string;
  /** What must come back, in base64; `""`: a connection is enough. */
  readonly receive: string;
};
