import type { OutlierDetection } from "../../../ir/traffic/outlier-detection.ts";
import type { EndpointResult } from "./endpoint-result.ts";
import type { EjectionReason, OutlierRecord } from "./outlier-record.ts";

/** Fewer requests of an interval say nothing about an endpoint, fewer endpoints nothing about a backend; as Envoy's defaults. */
const minVolume = 50;
const minEndpoints = 5;

export type OutlierEvents<Endpoint> = {
  /** The endpoint is out from now on. */
  readonly onEjected: (endpoint: Endpoint, reason: EjectionReason) => void;
  /** It is back. */
  readonly onReturned: (endpoint: Endpoint) => void;
  /** It would be out, but too many are. */
  readonly onSpared: (endpoint: Endpoint, reason: EjectionReason) => void;
};

/**
 * Leaves out endpoints of one backend that fail real requests. Judged when requests begin and end: no timer runs for it.
 * Spec: BackendTrafficPolicy.healthCheck.passive; the meaning of its numbers is Envoy's.
 */
export class OutlierDetector<Endpoint extends { readonly outlier: OutlierRecord }> {
  readonly model: OutlierDetection;
  #endpoints: ReadonlySet<Endpoint> = new Set();
  readonly #events: OutlierEvents<Endpoint>;
  #ejected = 0;
  /** When the next one comes back, or the interval ends; nothing changes by itself before. */
  #nextMs = 0;
  #intervalEndMs = 0;

  constructor(model: OutlierDetection, events: OutlierEvents<Endpoint>) {
    this.model = model;
    this.#events = events;
  }

  /** The endpoints of the backend, with what is known of them. */
  setEndpoints(endpoints: readonly Endpoint[]): void {
    this.#endpoints = new Set(endpoints);
    this.#ejected = endpoints.filter(({ outlier }) => outlier.ejected).length;
    this.#schedule();
  }

  /** Brings back whose time is over. To be called before endpoints are chosen. */
  advance(nowMs: number): void {
    if (nowMs < this.#nextMs) return;
    if (nowMs >= this.#intervalEndMs) this.#endInterval(nowMs);
    for (const endpoint of this.#endpoints) {
      const { ejected, ejectedUntilMs } = endpoint.outlier;
      if (ejected && nowMs >= ejectedUntilMs) this.#return(endpoint);
    }
    this.#schedule();
  }

  /** A request to the endpoint ended like that. */
  onResult(endpoint: Endpoint, result: EndpointResult, nowMs: number): void {
    if (!this.#endpoints.has(endpoint)) return;
    const record = endpoint.outlier;
    this.advance(nowMs);
    record.requests++;
    // What was under way when the endpoint was left out says nothing new.
    if (record.ejected) return;
    const reason = this.#judge(record, result);
    if (reason !== undefined) this.#eject(endpoint, reason, nowMs);
  }

  #judge(record: OutlierRecord, result: EndpointResult): EjectionReason | undefined {
    const { model } = this;
    if (typeof result !== "number" && model.splitsLocalOrigin) {
      record.failures++;
      const limit = model.consecutiveLocalOriginFailures;
      return ++record.localFailures >= limit && limit > 0 ? "consecutiveLocalOriginFailures" : undefined;
    }
    // Without an answer is as bad as a gateway's error.
    const status = typeof result === "number" ? result : result === "timeout" ? 504 : 503;
    if (typeof result === "number") record.localFailures = 0;
    if (status < 500) {
      record.forgive();
      return undefined;
    }
    record.failures++;
    record.serverErrors++;
    record.gatewayErrors = status >= 502 && status <= 504 ? record.gatewayErrors + 1 : 0;
    if (model.consecutiveGatewayErrors > 0 && record.gatewayErrors >= model.consecutiveGatewayErrors) {
      return "consecutiveGatewayErrors";
    }
    return model.consecutive5xx > 0 && record.serverErrors >= model.consecutive5xx ? "consecutive5xx" : undefined;
  }

  #eject(endpoint: Endpoint, reason: EjectionReason, nowMs: number): void {
    const record = endpoint.outlier;
    record.forgive();
    const { maxEjectionPercent, alwaysEjectOne, baseEjectionMs, maxEjectionMs } = this.model;
    const withinShare = (this.#ejected + 1) * 100 <= this.#endpoints.size * maxEjectionPercent;
    if (!withinShare && !(alwaysEjectOne && this.#ejected === 0)) {
      this.#events.onSpared(endpoint, reason);
      return;
    }
    this.#ejected++;
    record.multiplier++;
    record.reason = reason;
    record.ejectedUntilMs = nowMs + Math.min(baseEjectionMs * record.multiplier, maxEjectionMs);
    this.#schedule();
    this.#events.onEjected(endpoint, reason);
  }

  #return(endpoint: Endpoint): void {
    const record = endpoint.outlier;
    record.ejectedUntilMs = 0;
    record.reason = undefined;
    record.forgive();
    this.#ejected--;
    this.#events.onReturned(endpoint);
  }

  #endInterval(nowMs: number): void {
    // Every whole interval since the last look counts, also those without a request.
    const intervals =
      this.#intervalEndMs === 0 ? 0 : 1 + Math.floor((nowMs - this.#intervalEndMs) / this.model.intervalMs);
    this.#intervalEndMs = nowMs + this.model.intervalMs;
    for (const { outlier: record } of this.#endpoints) {
      if (!record.ejected) record.multiplier = Math.max(0, record.multiplier - intervals);
    }
    const { failurePercentage } = this.model;
    // Requests of longer ago than one interval are no interval's.
    if (failurePercentage > 0 && intervals === 1) this.#judgeInterval(failurePercentage, nowMs);
    for (const { outlier } of this.#endpoints) {
      outlier.requests = 0;
      outlier.failures = 0;
    }
  }

  #judgeInterval(failurePercentage: number, nowMs: number): void {
    const busy = [...this.#endpoints].filter(({ outlier }) => outlier.requests >= minVolume && !outlier.ejected);
    if (busy.length < minEndpoints) return;
    for (const endpoint of busy) {
      const { requests, failures } = endpoint.outlier;
      if (failures * 100 >= requests * failurePercentage) this.#eject(endpoint, "failurePercentage", nowMs);
    }
  }

  #schedule(): void {
    let nextMs = this.#intervalEndMs;
    for (const { outlier } of this.#endpoints) {
      const { ejectedUntilMs } = outlier;
      if (ejectedUntilMs > 0 && ejectedUntilMs < nextMs) nextMs = ejectedUntilMs;
    }
    this.#nextMs = nextMs;
  }
}
