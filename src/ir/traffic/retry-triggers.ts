/** How an attempt failed that brought no answer. */
export type RetriedFailure =
  /** No connection was made. */
  | "connect"
  /** The connection was lost before anything of the request was sent. */
  | "resetBeforeRequest"
  /** The connection was lost. */
  | "reset"
  /** The endpoint says that it did nothing with the request. RFC 9113 section 8.7. */
  | "refusedStream"
  /** No answer came in time. */
  | "timeout";

/** What is retried besides the statuses of `Retry.codes`, and how soon. Spec: BackendTrafficPolicy.retry, with Envoy's triggers. */
export type RetryTriggers = {
  readonly failures: readonly RetriedFailure[];
  /** Status codes of gRPC, of calls that end with the head of their answer. */
  readonly grpcCodes: readonly number[];
  /** No pause is longer. Each is a random part of what it would be, so that clients do not come back together. Milliseconds. */
  readonly maxBackoffMs: number;
};
