import type { CircuitBreaker, RetryLimit } from "../../ir/traffic/circuit-breaker.ts";
import type { BackendSettings } from "./backend-settings.ts";

type ApiBreaker = NonNullable<BackendSettings["circuitBreaker"]>;

/** Of each limit that a policy does not write; Envoy Gateway's. */
const defaultLimit = 1_024;

/** Spec: BackendTrafficPolicy.circuitBreaker. */
export function compileCircuitBreaker(breaker: ApiBreaker): CircuitBreaker {
  return {
    maxConnections: breaker.maxConnections ?? defaultLimit,
    maxConnectionsPerEndpoint:
      breaker.perEndpoint === undefined ? 0 : (breaker.perEndpoint.maxConnections ?? defaultLimit),
    maxPendingRequests: breaker.maxPendingRequests ?? defaultLimit,
    maxParallelRequests: breaker.maxParallelRequests ?? defaultLimit,
    retries: compileRetryLimit(breaker),
  };
}

/** Defaults of a budget: 20 %, and 3 in any case, as Envoy's. */
function compileRetryLimit({ retryBudget, maxParallelRetries }: ApiBreaker): RetryLimit {
  if (retryBudget === undefined) return { kind: "count", max: maxParallelRetries ?? defaultLimit };
  const { percent = { numerator: 20, denominator: 100 }, minRetryConcurrency = 3 } = retryBudget;
  return {
    kind: "share",
    percent: (percent.numerator * 100) / percent.denominator,
    minConcurrency: minRetryConcurrency,
  };
}
