import { z } from "zod";
import { optional } from "../optional.ts";
import { clientTls, count, goDuration, ipStrategy, sourceCriterion, word, words } from "./values.ts";

/** Spec: IPAllowList of Traefik; IPWhiteList is its name of earlier releases. */
export const ipAllowList = z.object({
  sourceRange: optional(words, "Addresses and networks of clients that may come in."),
  ipStrategy: optional(ipStrategy, "Where the address of a client is found. Default: its connection."),
  rejectStatusCode: optional(z.int32().min(0).max(599), "Status for all others. Default: 403."),
});

/** Spec: RateLimit of Traefik's CRD. */
export const rateLimit = z.object({
  average: optional(count, "Requests a period; 0 is no limit."),
  period: optional(goDuration, "Default: 1s."),
  burst: optional(count, "Requests that may come at once. Default: 1."),
  sourceCriterion: optional(sourceCriterion, "What tells clients apart. Default: the address of the connection."),
  redis: optional(
    z.object({
      endpoints: optional(words, "Addresses."),
      tls: optional(clientTls, "TLS."),
      secret: optional(word, "Secret with username and password."),
      db: optional(count, "Number of the database."),
      poolSize: optional(count, "Connections."),
      minIdleConns: optional(count, "Connections kept."),
      maxActiveConns: optional(count, "Most connections."),
      readTimeout: optional(goDuration, "Time for an answer."),
      writeTimeout: optional(goDuration, "Time for a request."),
      dialTimeout: optional(goDuration, "Time for a connection."),
    }),
    "Counts in a Redis.",
  ),
});

/** Spec: InFlightReq of Traefik. */
export const inFlightReq = z.object({
  amount: optional(count, "Requests at a time."),
  sourceCriterion: optional(sourceCriterion, "What tells clients apart. Default: the host that is asked for."),
});

/** Spec: Buffering of Traefik's CRD. */
export const buffering = z.object({
  maxRequestBodyBytes: optional(count, "Most bytes of a request's content; 0 is any."),
  memRequestBodyBytes: optional(count, "Bytes of a request's content from which on a file holds them."),
  maxResponseBodyBytes: optional(count, "Most bytes of a response's content; 0 is any."),
  memResponseBodyBytes: optional(count, "Bytes of a response's content from which on a file holds them."),
  retryExpression: optional(word, "When to ask again."),
});

/** Spec: CircuitBreaker of Traefik's CRD. */
export const circuitBreaker = z.object({
  expression: optional(word, "When no requests are sent for a time."),
  checkPeriod: optional(goDuration, "How often it is looked at."),
  fallbackDuration: optional(goDuration, "For how long no requests are sent."),
  recoveryDuration: optional(goDuration, "In what time all requests are sent again."),
  responseCode: optional(z.int32().min(100).max(599), "Status meanwhile. Default: 503."),
});

/** Spec: Retry of Traefik's CRD. */
export const retry = z.object({
  attempts: optional(count, "How often a request is sent."),
  timeout: optional(goDuration, "Time for all of it."),
  initialInterval: optional(goDuration, "First wait."),
  maxRequestBodyBytes: optional(z.int().min(-1), "Most bytes of content that are kept."),
  status: optional(words, "Statuses that are retried."),
  disableRetryOnNetworkError: optional(z.boolean(), "Does not retry when there is no answer."),
  retryNonIdempotentMethod: optional(z.boolean(), "Retries POST, LOCK and PATCH, too."),
});
