import type { HealthCheck } from "../../../ir/traffic/health-check.ts";
import { HealthRecord, type HealthState, type ProbeResult } from "./health-record.ts";
import type { Probe, RunningProbe } from "./probe.ts";

/** Who wants to know how an endpoint is. */
export interface HealthListener {
  /** The state is another one than before. */
  onHealthChange(): void;
}

/** Checks one endpoint again and again, for everybody who asks for the same checks. */
export class HealthChecker {
  readonly listeners = new Set<HealthListener>();
  readonly #check: HealthCheck;
  readonly #probe: Probe;
  readonly #record: HealthRecord;
  /** Told of every check. */
  readonly #onChecked: (result: ProbeResult) => void;
  /** The next check, or the end of the one that runs. */
  #timer: NodeJS.Timeout | undefined;
  #running: RunningProbe | undefined;

  constructor(
    check: HealthCheck,
    parts: { readonly probe: Probe; readonly random: () => number; readonly onChecked: (result: ProbeResult) => void },
  ) {
    this.#check = check;
    this.#probe = parts.probe;
    this.#record = new HealthRecord(check);
    this.#onChecked = parts.onChecked;
    this.#schedule(parts.random() * check.initialJitterMs);
  }

  get state(): HealthState {
    return this.#record.state;
  }

  /** Why the last check failed; `""` when it did not. */
  get reason(): string {
    return this.#record.reason;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#running?.cancel();
    this.#running = undefined;
    this.#probe.close();
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => this.#begin(), delayMs);
    this.#timer.unref();
  }

  #begin(): void {
    this.#timer = setTimeout(() => this.#onTimeout(), this.#check.timeoutMs);
    this.#timer.unref();
    this.#running = this.#probe.start((result) => this.#onResult(result));
  }

  #onTimeout(): void {
    this.#running?.cancel();
    this.#onResult({ kind: "failure", reason: `no result within ${this.#check.timeoutMs} ms` });
  }

  #onResult(result: ProbeResult): void {
    clearTimeout(this.#timer);
    this.#running = undefined;
    this.#schedule(this.#check.intervalMs);
    const changed = this.#record.onResult(result);
    this.#onChecked(result);
    if (changed) for (const listener of this.listeners) listener.onHealthChange();
  }
}
