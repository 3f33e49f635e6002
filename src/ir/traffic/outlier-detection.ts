/**
 * When an endpoint that fails real requests is left out for a while. Counts of 0 switch a reason off.
 * Spec: BackendTrafficPolicy.healthCheck.passive, Envoy's outlier detection.
 */
export type OutlierDetection = {
  /** Answers of 500 to 599 in a row. */
  readonly consecutive5xx: number;
  /** Answers of 502, 503 or 504 in a row. */
  readonly consecutiveGatewayErrors: number;
  /** Connections that fail, resets and timeouts in a row; only where `splitsLocalOrigin`. */
  readonly consecutiveLocalOriginFailures: number;
  /** Failures without an answer are counted apart; false: they count as gateway errors. */
  readonly splitsLocalOrigin: boolean;
  /** How often `failurePercentage` is judged, and what one ejection less is worth. Milliseconds. */
  readonly intervalMs: number;
  /** First ejection; the n-th takes n times as long. Milliseconds. */
  readonly baseEjectionMs: number;
  /** No ejection takes longer. Milliseconds. */
  readonly maxEjectionMs: number;
  /** Share of the endpoints that may be out at a time. 0 to 100. */
  readonly maxEjectionPercent: number;
  /** One endpoint may be out whatever the share is. */
  readonly alwaysEjectOne: boolean;
  /** An endpoint of which this share of an interval's requests failed is ejected. 1 to 100; 0: none is. */
  readonly failurePercentage: number;
};
