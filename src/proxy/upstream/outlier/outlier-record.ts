/** Why an endpoint was left out, as metrics and the admin endpoint name it. */
export const ejectionReasons = [
  "consecutive5xx",
  "consecutiveGatewayErrors",
  "consecutiveLocalOriginFailures",
  "failurePercentage",
] as const;

export type EjectionReason = (typeof ejectionReasons)[number];

/** How one endpoint of one backend has been doing. */
export class OutlierRecord {
  /** Failures in a row, of each kind. */
  serverErrors = 0;
  gatewayErrors = 0;
  localFailures = 0;
  /** Of the interval under way. */
  requests = 0;
  failures = 0;
  /** Ejected until then, on the clock of `performance.now`; 0: it never was, or is back. Milliseconds. */
  ejectedUntilMs = 0;
  /** How many times the base ejection the last one took; it falls by one for each interval without. */
  multiplier = 0;
  reason: EjectionReason | undefined;

  get ejected(): boolean {
    return this.ejectedUntilMs > 0;
  }

  /** The endpoint answered well. */
  forgive(): void {
    this.serverErrors = 0;
    this.gatewayErrors = 0;
    this.localFailures = 0;
  }
}
