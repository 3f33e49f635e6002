import type { CircuitBreaker } from "../../src/ir/traffic/circuit-breaker.ts";
import type { LoadBalancing } from "../../src/ir/traffic/load-balancing.ts";
import type { OutlierDetection } from "../../src/ir/traffic/outlier-detection.ts";
import type { PolicyTraffic } from "../../src/ir/traffic/policy-traffic.ts";
import { defaultTrafficSettings, type TrafficSettings } from "../../src/ir/traffic-settings.ts";

export const loadBalancing: LoadBalancing = {
  turns: { kind: "roundRobin" },
  slowStartMs: 0,
  zones: { kind: "none" },
  overrideHeaders: [],
};

export const circuitBreaker: CircuitBreaker = {
  maxConnections: 1_024,
  maxConnectionsPerEndpoint: 0,
  maxPendingRequests: 1_024,
  maxParallelRequests: 1_024,
  retries: { kind: "count", max: 1_024 },
};

export const outlierDetection: OutlierDetection = {
  consecutive5xx: 5,
  consecutiveGatewayErrors: 0,
  consecutiveLocalOriginFailures: 5,
  splitsLocalOrigin: false,
  intervalMs: 3_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectionPercent: 100,
  alwaysEjectOne: false,
  failurePercentage: 0,
};

/** A backend's traffic under a policy that changes nothing but this. */
export function traffic(changes: Partial<PolicyTraffic>): TrafficSettings {
  return {
    ...defaultTrafficSettings,
    policy: {
      loadBalancing,
      connections: { maxRequests: 0, maxAgeMs: 0, idleMs: 0 },
      panicPercent: 50,
      ...changes,
    },
  };
}
