import type { IssuedCookie } from "./issued-cookie.ts";
import type { PolicyTraffic } from "./traffic/policy-traffic.ts";

/** Signed cookie or header that pins a client to an endpoint. Spec: SessionPersistence (GEP-1619). */
export type SessionPersistence = {
  readonly kind: "cookie" | "header";
  /** Cookie or header name. */
  readonly name: string;
  /** 0: none. Milliseconds. */
  readonly absoluteTimeoutMs: number;
  /** `undefined`: it is a header. */
  readonly issued: IssuedCookie | undefined;
  /** Whether a request that failed at the client's endpoint and is repeated goes to another one, or to the same. */
  readonly afterFailure: "other" | "same";
};

/** Share of requests that may be retries. Spec: XBackendTrafficPolicy.retryConstraint (GEP-3388). */
export type RetryBudget = {
  /** 0 to 100. */
  readonly percent: number;
  readonly intervalMs: number;
  /** Always allowed: `count` retries per `minIntervalMs`. */
  readonly minCount: number;
  readonly minIntervalMs: number;
};

/**
 * How the endpoints of one cluster are used, resolved: no plane applies a default. Two uses of one backend that differ in any of
 * it are two clusters, with keys of their own. What a rule says for itself (`timeouts`, `retry`, `sessionPersistence`) wins.
 */
export type TrafficSettings = {
  readonly loadBalancing: "roundRobin" | "leastRequest";
  /** How long a connection to an endpoint may take to come about. Milliseconds. */
  readonly connectTimeoutMs: number;
  /** Endpoints that are tried when connecting fails before anything is sent. At least 1. */
  readonly connectAttempts: number;
  /** Absent: rules may retry as often as they say. */
  readonly retryBudget?: RetryBudget;
  /** Absent: clients may come to any endpoint each time. */
  readonly sessionPersistence?: SessionPersistence;
  /**
   * What the policy of those rules says that use this cluster; its choice of endpoints wins over `loadBalancing`. Absent: they
   * have none, and share what they know of endpoints, and their connections, with others.
   */
  readonly policy?: PolicyTraffic;
};

/** In force where nobody says otherwise. */
export const defaultTrafficSettings: TrafficSettings = {
  loadBalancing: "roundRobin",
  connectTimeoutMs: 5_000,
  connectAttempts: 3,
};
