import type { CircuitBreaker as CircuitBreakerModel } from "../../../ir/traffic/circuit-breaker.ts";
import { Limit, type LimitEvents } from "./limit.ts";

/** What is limited, as metrics and the admin endpoint name it. */
export const breakerLimits = ["connections", "pendingRequests", "parallelRequests", "parallelRetries"] as const;

export type BreakerLimit = (typeof breakerLimits)[number];

/** Counts what a backend has of this process against what it may have. One for each backend with such limits. */
export class CircuitBreaker {
  readonly model: CircuitBreakerModel;
  readonly limits: Readonly<Record<BreakerLimit, Limit>>;

  constructor(model: CircuitBreakerModel, events: (limit: BreakerLimit) => LimitEvents) {
    this.model = model;
    const { retries } = model;
    this.limits = {
      connections: new Limit(() => model.maxConnections, events("connections")),
      pendingRequests: new Limit(() => model.maxPendingRequests, events("pendingRequests")),
      parallelRequests: new Limit(() => model.maxParallelRequests, events("parallelRequests")),
      parallelRetries: new Limit(
        retries.kind === "count" ? () => retries.max : () => this.#shareOf(retries),
        events("parallelRetries"),
      ),
    };
  }

  /** The limits that are reached at the moment. */
  get open(): readonly BreakerLimit[] {
    return breakerLimits.filter((name) => this.limits[name].reached);
  }

  #shareOf({ percent, minConcurrency }: { readonly percent: number; readonly minConcurrency: number }): number {
    const { parallelRequests, pendingRequests } = this.limits;
    return Math.max(minConcurrency, Math.floor(((parallelRequests.used + pendingRequests.used) * percent) / 100));
  }
}
