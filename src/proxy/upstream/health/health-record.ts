import type { HealthCheck } from "../../../ir/traffic/health-check.ts";

/** `unchecked`: no check has ended yet. */
export type HealthState = "unchecked" | "healthy" | "unhealthy";

/** How one check ended. A `verdict` is the endpoint's own word and needs no second one; a `failure` counts towards the threshold. */
export type ProbeResult =
  | { readonly kind: "success" }
  | { readonly kind: "failure" | "verdict"; readonly reason: string };

/** What the checks of one endpoint have shown. */
export class HealthRecord {
  state: HealthState = "unchecked";
  /** Of the last check that failed; `""` once one succeeds. */
  reason = "";
  readonly #thresholds: Pick<HealthCheck, "healthyThreshold" | "unhealthyThreshold">;
  /** Checks in a row with the same result. */
  #successes = 0;
  #failures = 0;

  constructor(thresholds: Pick<HealthCheck, "healthyThreshold" | "unhealthyThreshold">) {
    this.#thresholds = thresholds;
  }

  /** Takes the result of a check. Returns whether the state is another one now. */
  onResult(result: ProbeResult): boolean {
    const before = this.state;
    if (result.kind === "success") this.#onSuccess();
    else this.#onFailure(result);
    return this.state !== before;
  }

  #onSuccess(): void {
    this.#failures = 0;
    this.#successes++;
    this.reason = "";
    const enough = this.state === "unchecked" || this.#successes >= this.#thresholds.healthyThreshold;
    if (enough) this.state = "healthy";
  }

  #onFailure({ kind, reason }: Exclude<ProbeResult, { readonly kind: "success" }>): void {
    this.#successes = 0;
    this.#failures++;
    this.reason = reason;
    const enough =
      this.state === "unchecked" || kind === "verdict" || this.#failures >= this.#thresholds.unhealthyThreshold;
    if (enough) this.state = "unhealthy";
  }
}
