import type { HealthListener } from "./health/health-checker.ts";
import type { HealthWatch } from "./health/health-registry.ts";
import { OutlierRecord } from "./outlier/outlier-record.ts";
import type { TrafficMetrics } from "./traffic-metrics.ts";

/** Told when what is known of an endpoint of a backend is something else than before. */
export interface StandingListener {
  onStandingChange(): void;
}

/** How an endpoint is doing, as metrics and the admin endpoint name it. */
export type Standing = "fit" | "unchecked" | "unhealthy" | "ejected";

/** What is known of how one endpoint is doing at the backend whose policy judges it. Lives as long as the endpoint. */
export class EndpointStanding implements HealthListener {
  readonly outlier = new OutlierRecord();
  readonly #endpoint: { servesSinceMs: number };
  readonly #listener: StandingListener;
  readonly #metrics: Pick<TrafficMetrics, "endpoints">;
  /** `undefined`: no checks are made. */
  #health: HealthWatch | undefined;
  /** As it is counted; `undefined`: it is not. */
  #counted: Standing | undefined;

  constructor(
    endpoint: { servesSinceMs: number },
    listener: StandingListener,
    metrics: Pick<TrafficMetrics, "endpoints">,
  ) {
    this.#endpoint = endpoint;
    this.#listener = listener;
    this.#metrics = metrics;
  }

  /** Begins with the checks that are made, if any. */
  begin(health: HealthWatch | undefined): void {
    this.#health = health;
    this.#count(this.standing);
  }

  get standing(): Standing {
    if (this.outlier.ejected) return "ejected";
    const state = this.#health?.state ?? "healthy";
    return state === "healthy" ? "fit" : state;
  }

  /** Why the last check failed; `""`: it did not, or none was made. */
  get healthReason(): string {
    return this.#health?.reason ?? "";
  }

  onHealthChange(): void {
    this.onChange();
  }

  /** It was ejected, is back, or its checks have another result. */
  onChange(): void {
    const before = this.#counted;
    this.#count(this.standing);
    // Who comes back has to warm up like who is new.
    if (this.#counted === "fit" && before !== "fit") this.#endpoint.servesSinceMs = performance.now();
    this.#listener.onStandingChange();
  }

  /** The endpoint is gone. */
  release(): void {
    this.#health?.release();
    this.#health = undefined;
    this.#count(undefined);
  }

  #count(standing: Standing | undefined): void {
    if (standing === this.#counted) return;
    if (this.#counted !== undefined) this.#metrics.endpoints(this.#counted).add(-1);
    if (standing !== undefined) this.#metrics.endpoints(standing).add(1);
    this.#counted = standing;
  }
}
