import type { HealthCheck } from "../../../ir/traffic/health-check.ts";
import { HealthChecker, type HealthListener } from "./health-checker.ts";
import type { HealthState, ProbeResult } from "./health-record.ts";
import type { Probe } from "./probe.ts";

/** An endpoint's health as one user of it sees it. */
export interface HealthWatch {
  readonly state: HealthState;
  /** Why the last check failed; `""` when it did not. */
  readonly reason: string;
  /** Wants to know no more: the last one to do so ends the checks. */
  release(): void;
}

/** Where the health of endpoints is known: one place for a process, whoever checks. */
export interface Health {
  /** `key` names the endpoint and how it is dialled: equal keys with equal checks share one checker. */
  watch(key: string, check: HealthCheck, listener: HealthListener, how: HealthMeans): HealthWatch;
}

/** How a checker that does not exist yet is made. */
export type HealthMeans = {
  readonly probe: () => Probe;
  readonly onChecked: (result: ProbeResult) => void;
};

/** {@link Health} of one thread. */
export class HealthRegistry implements Health {
  readonly #checkers = new Map<string, HealthChecker>();
  readonly #random: () => number;

  /** `random` in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Checkers that run. */
  get size(): number {
    return this.#checkers.size;
  }

  watch(key: string, check: HealthCheck, listener: HealthListener, how: HealthMeans): HealthWatch {
    const name = `${key}|${JSON.stringify(check)}`;
    let checker = this.#checkers.get(name);
    if (checker === undefined) {
      checker = new HealthChecker(check, { probe: how.probe(), random: this.#random, onChecked: how.onChecked });
      this.#checkers.set(name, checker);
    }
    checker.listeners.add(listener);
    const watched = checker;
    return {
      get state() {
        return watched.state;
      },
      get reason() {
        return watched.reason;
      },
      release: () => {
        if (!watched.listeners.delete(listener) || watched.listeners.size > 0) return;
        watched.stop();
        this.#checkers.delete(name);
      },
    };
  }
}
