import type { CircuitBreaker } from "./circuit-breaker.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import type { HealthCheck } from "./health-check.ts";
import type { LoadBalancing } from "./load-balancing.ts";
import type { OutlierDetection } from "./outlier-detection.ts";

/** How requests go to the endpoints of a backend where a policy says so. Spec: BackendTrafficPolicy. */
export type PolicyTraffic = {
  readonly loadBalancing: LoadBalancing;
  readonly connections: ConnectionSettings;
  /** Share of the endpoints that must be fit; below it all of them get requests. 0: only those that are fit ever do. 0 to 100. */
  readonly panicPercent: number;
  readonly circuitBreaker?: CircuitBreaker;
  readonly outlierDetection?: OutlierDetection;
  readonly healthCheck?: HealthCheck;
};
