/**
 * How much one backend gets from one gateway process at a time; what is above fails at once, so that a backend in trouble is
 * not buried. Spec: BackendTrafficPolicy.circuitBreaker.
 */
export type CircuitBreaker = {
  /** Connections to all endpoints together. */
  readonly maxConnections: number;
  /** Connections to one endpoint. 0: no limit of its own. */
  readonly maxConnectionsPerEndpoint: number;
  /** Requests that wait for a connection. */
  readonly maxPendingRequests: number;
  /** Requests in flight, those that wait not counted. */
  readonly maxParallelRequests: number;
  readonly retries: RetryLimit;
};

/** How many retries are in flight at a time: a number, or a share of the requests in flight and waiting. */
export type RetryLimit =
  | { readonly kind: "count"; readonly max: number }
  | {
      readonly kind: "share";
      /** 0 to 100; may be a fraction. */
      readonly percent: number;
      /** Allowed in any case. */
      readonly minConcurrency: number;
    };
