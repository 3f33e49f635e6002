import type { RetryBudget as RetryBudgetModel } from "../../../ir/traffic-settings.ts";

/**
 * Bounds retries to a share of the requests of one backend, so that a failing backend is not buried under repeats.
 * Counts in two halves of the interval, which is close to a sliding window and costs nothing.
 * Spec: XBackendTrafficPolicy.retryConstraint (GEP-3388).
 */
export class RetryBudget {
  readonly #model: RetryBudgetModel;
  #windowStartMs = 0;
  #requests = 0;
  #retries = 0;
  #previousRequests = 0;
  #previousRetries = 0;
  #floorStartMs = 0;
  #floorRetries = 0;

  constructor(model: RetryBudgetModel) {
    this.#model = model;
  }

  onRequest(nowMs: number): void {
    this.#roll(nowMs);
    this.#requests++;
  }

  /**
   * Whether one more retry fits; when it does it is counted. It fits while retries are within their share of the requests,
   * or fewer than the minimum were made: the minimum is a floor, not an addition.
   */
  take(nowMs: number): boolean {
    this.#roll(nowMs);
    if (nowMs - this.#floorStartMs >= this.#model.minIntervalMs) {
      this.#floorStartMs = nowMs;
      this.#floorRetries = 0;
    }
    const requests = this.#requests + this.#previousRequests;
    const retries = this.#retries + this.#previousRetries;
    const withinShare = (retries + 1) * 100 <= requests * this.#model.percent;
    if (!withinShare && this.#floorRetries >= this.#model.minCount) return false;
    this.#floorRetries++;
    this.#retries++;
    return true;
  }

  #roll(nowMs: number): void {
    const half = this.#model.intervalMs / 2;
    const elapsed = nowMs - this.#windowStartMs;
    if (elapsed < half) return;
    const stale = elapsed >= half * 2;
    this.#previousRequests = stale ? 0 : this.#requests;
    this.#previousRetries = stale ? 0 : this.#retries;
    this.#requests = 0;
    this.#retries = 0;
    this.#windowStartMs = nowMs;
  }
}
