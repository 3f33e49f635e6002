/** How an attempt failed that brought no answer. */
export type RetriedFailure =
  /** No connection was made. */
  | "connect"
  /** None was made in time. */
  | "connectTimeout"
  /** The connection was lost before anything of the request was sent. */
  | "resetBeforeRequest"
  /** The connection was lost. */
  | "reset"
  /** The endpoint says that it did nothing with the request. RFC 9113 section 8.7. */
  | "refusedStream"
  /** No answer came in time. */
  | "timeout"
  /** What came was no answer that can be read. */
  | "invalidAnswer";

/** What is retried besides the statuses of `Retry.codes`, and how soon. Spec: BackendTrafficPolicy.retry, with Envoy's triggers. */
export type RetryTriggers = {
  readonly failures: readonly RetriedFailure[];
  /** Status codes of gRPC, of calls that end with the head of their answer. */
  readonly grpcCodes: readonly number[];
  /** Which requests are sent again that an endpoint may have seen: any, or those whose method is idempotent. RFC 9110 section 9.2.2. */
  readonly repeats: "any" | "idempotent";
  /** Time from the first attempt after which no other begins. 0: no limit. Milliseconds. */
  readonly withinMs: number;
  /** No pause is longer. Each is a random part of what it would be, so that clients do not come back together. Milliseconds. */
  readonly maxBackoffMs: number;
};
