import type { Turns } from "../../ir/traffic/load-balancing.ts";
import { warmShare } from "./balance/slow-start.ts";

/** An endpoint as a choice sees it. */
export interface Candidate {
  /** Requests in flight. */
  readonly activeRequests: number;
  /** Since when it serves, on the clock of `performance.now`. */
  readonly servesSinceMs: number;
  /** False while it is passed over after a failed connection. */
  usable(nowMs: number): boolean;
}

export type BalancerOptions = {
  readonly turns: Exclude<Turns["kind"], "consistentHash">;
  /** 0: new endpoints have their full share at once. Milliseconds. */
  readonly slowStartMs: number;
  /** In [0, 1). */
  readonly random: () => number;
};

/** Chooses an endpoint. Endpoints that lately failed are passed over unless all of them did. */
export class Balancer<Endpoint extends Candidate> {
  readonly #options: BalancerOptions;
  #next = 0;

  constructor(options: BalancerOptions) {
    this.#options = options;
  }

  /** Goes on where `previous` was: frequent swaps must not favour the first endpoint. */
  resumeFrom(previous: Balancer<Endpoint>): void {
    this.#next = previous.#next;
  }

  /** `avoid` (the endpoint of the failed attempt) is chosen only when there is no other. `undefined`: no endpoint. */
  choose(endpoints: readonly Endpoint[], nowMs: number, avoid: Endpoint | undefined): Endpoint | undefined {
    const count = endpoints.length;
    if (count === 0) return undefined;
    if (count === 1) return endpoints[0];
    const { turns, random } = this.#options;
    switch (turns) {
      case "roundRobin":
        return this.#scan(endpoints, nowMs, avoid);
      case "random":
        this.#next = Math.floor(random() * count) % count;
        return this.#scan(endpoints, nowMs, avoid);
      case "leastRequest": {
        const first = Math.floor(random() * count) % count;
        const other = Math.floor(random() * (count - 1)) % (count - 1);
        const second = other >= first ? other + 1 : other;
        const a = endpoints[first]!;
        const b = endpoints[second]!;
        const aFits = a !== avoid && this.#fits(a, nowMs);
        const bFits = b !== avoid && this.#fits(b, nowMs);
        if (aFits && bFits) return b.activeRequests < a.activeRequests ? b : a;
        if (aFits) return a;
        if (bFits) return b;
        return this.#scan(endpoints, nowMs, avoid);
      }
    }
  }

  /** Whether it takes this turn: one that warms up takes but a share of them. */
  #fits(candidate: Endpoint, nowMs: number): boolean {
    if (!candidate.usable(nowMs)) return false;
    const { slowStartMs, random } = this.#options;
    if (slowStartMs === 0) return true;
    const share = warmShare(candidate.servesSinceMs, nowMs, slowStartMs);
    return share === 1 || random() < share;
  }

  #scan(endpoints: readonly Endpoint[], nowMs: number, avoid: Endpoint | undefined): Endpoint {
    const count = endpoints.length;
    let index = this.#next < count ? this.#next : 0;
    let fallback: Endpoint | undefined;
    for (let seen = 0; seen < count; seen++) {
      const candidate = endpoints[index]!;
      index = index + 1 === count ? 0 : index + 1;
      if (candidate !== avoid) {
        if (this.#fits(candidate, nowMs)) {
          this.#next = index;
          return candidate;
        }
        // One that only warms up is better than one that failed.
        if (fallback === undefined || (!fallback.usable(nowMs) && candidate.usable(nowMs))) fallback = candidate;
      }
    }
    this.#next = index === count ? 0 : index;
    // All of them failed lately: a guess is better than a certain 503.
    return fallback ?? endpoints[0]!;
  }
}
