import type { ClusterKey } from "./cluster.ts";
import type { PathMatch } from "./match.ts";
import type { SecretKey } from "./tls.ts";

/**
 * How one value of a request is compared. `distinct`: every value counts for itself, and a request without one is not meant.
 * With `invert` a request matches that the comparison does not hold for, also one without such a value.
 */
export type SelectorValue =
  | { readonly name: string; readonly kind: "exact" | "regex"; readonly value: string; readonly invert: boolean }
  | { readonly name: string; readonly kind: "distinct" };

/** What a request must be to be meant: all of it. Empty lists and `undefined` hold for every request. */
export type ClientSelector = {
  /** Names are lower case; `:authority` is the host that is asked for. */
  readonly headers: readonly SelectorValue[];
  /** Names and values are decoded. */
  readonly query: readonly SelectorValue[];
  /** Claims of the token that let the client in, by name, or by names with `.` between them. */
  readonly claims: readonly SelectorValue[];
  /** One of them must hold. */
  readonly methods: readonly { readonly method: string; readonly invert: boolean }[];
  readonly path: { readonly match: PathMatch; readonly invert: boolean } | undefined;
  /**
   * Of the client's address, which is in none of `except`. `distinct`: every address counts for itself; an IPv6 address counts with all
   * of its /64 network, which is what one client has, unless `cidr` is smaller than that.
   */
  readonly network:
    | { readonly cidr: string; readonly distinct: boolean; readonly except: readonly string[] }
    | undefined;
};

/** The units of limits with their lengths in seconds; a month has 30 days and a year 365, as in Envoy Gateway. */
export const limitUnitSeconds = {
  Second: 1,
  Minute: 60,
  Hour: 3_600,
  Day: 86_400,
  Week: 604_800,
  Month: 2_592_000,
  Year: 31_536_000,
} as const;

export type LimitUnit = keyof typeof limitUnitSeconds;

/** What counts: all rules that have it together (`shared`), or each for itself. */
export type Counter = { readonly name: string; readonly shared: boolean };

/** One limit, and whom it is about. */
export type RateLimitRule = {
  /** Under this name requests are counted: the same as long as it is about the same requests. */
  readonly counter: Counter;
  /** A request must match all of them; none: it is about every request. */
  readonly selectors: readonly ClientSelector[];
  /** In each `unit`, on average. */
  readonly requests: number;
  readonly unit: LimitUnit;
  /** What an unused limit may grow to. At least 1 if `requests` is. */
  readonly burst: number;
  /** Taken by a request. 0: it passes while there is something left, and takes nothing. */
  readonly requestCost: number;
  /** Taken at the end of an answer, whether it is there or not. */
  readonly responseCost: number;
  /** Counts and reports, but refuses nothing. */
  readonly shadow: boolean;
  /** Answers say in X-RateLimit headers what is left (draft-ietf-httpapi-ratelimit-headers-03). */
  readonly tells: boolean;
};

/** Who counts for all gateways together. `cluster` is `undefined` when the reference did not resolve: nobody can be asked. */
export type GlobalLimiter =
  /** A rate limit service (`envoy.service.ratelimit.v3`). */
  | { readonly kind: "service"; readonly cluster: ClusterKey | undefined; readonly domain: string }
  | {
      readonly kind: "redis";
      readonly cluster: ClusterKey | undefined;
      readonly database: number;
      readonly username: string;
      /** `undefined`: it asks for none. */
      readonly password: SecretKey | undefined;
    };

/** How many requests may be answered at a time, of those that it is about. */
export type ConcurrencyRule = {
  /** As {@link RateLimitRule.counter}. */
  readonly counter: Counter;
  readonly selectors: readonly ClientSelector[];
  readonly requests: number;
};

/** How fast content may flow. */
export type Bandwidth = {
  /** As {@link RateLimitRule.counter}. */
  readonly counter: Counter;
  readonly bytesPerSecond: number;
};
