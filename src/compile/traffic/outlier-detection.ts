import { durationMs } from "../../base/duration.ts";
import type { OutlierDetection } from "../../ir/traffic/outlier-detection.ts";
import type { BackendSettings } from "./backend-settings.ts";

type ApiPassive = NonNullable<NonNullable<BackendSettings["healthCheck"]>["passive"]>;

/** No ejection is longer, but for a longer `baseEjectionTime`; Envoy's default. Milliseconds. */
const longestEjectionMs = 300_000;

/** Errors in a row, for a policy that says nothing of them; Envoy Gateway's, as the other defaults are. */
const defaultErrors = 5;

/** Spec: BackendTrafficPolicy.healthCheck.passive. */
export function compileOutlierDetection(passive: ApiPassive): OutlierDetection {
  const baseEjectionMs = durationMs(passive.baseEjectionTime ?? "30s") ?? 0;
  return {
    consecutive5xx: passive.consecutive5XxErrors ?? defaultErrors,
    consecutiveGatewayErrors: passive.consecutiveGatewayErrors ?? 0,
    consecutiveLocalOriginFailures: passive.consecutiveLocalOriginFailures ?? defaultErrors,
    splitsLocalOrigin: passive.splitExternalLocalOriginErrors ?? false,
    // An interval of nothing would never end.
    intervalMs: Math.max(1, durationMs(passive.interval ?? "3s") ?? 0),
    baseEjectionMs,
    maxEjectionMs: Math.max(longestEjectionMs, baseEjectionMs),
    maxEjectionPercent: passive.maxEjectionPercent ?? 10,
    alwaysEjectOne: passive.alwaysEjectOneEndpoint ?? false,
    failurePercentage: passive.failurePercentageThreshold ?? 0,
  };
}
