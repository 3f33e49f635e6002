import type { TrafficSettings } from "../../ir/traffic-settings.ts";
import type { EndpointState } from "./endpoint-state.ts";

/** Chooses an endpoint. Endpoints that lately failed are passed over unless all of them did. */
export class Balancer {
  readonly #mode: TrafficSettings["loadBalancing"];
  readonly #random: () => number;
  #next = 0;

  constructor(mode: TrafficSettings["loadBalancing"], random: () => number) {
    this.#mode = mode;
    this.#random = random;
  }

  /** Goes on where `previous` was: frequent swaps must not favour the first endpoint. */
  resumeFrom(previous: Balancer): void {
    this.#next = previous.#next;
  }

  /** `avoid` (the endpoint of the failed attempt) is chosen only when there is no other. `undefined`: no endpoint. */
  choose(
    endpoints: readonly EndpointState[],
    nowMs: number,
    avoid: EndpointState | undefined,
  ): EndpointState | undefined {
    const count = endpoints.length;
    if (count === 0) return undefined;
    if (count === 1) return endpoints[0];
    switch (this.#mode) {
      case "roundRobin":
        return this.#scan(endpoints, nowMs, avoid);
      case "leastRequest": {
        const first = Math.floor(this.#random() * count) % count;
        const other = Math.floor(this.#random() * (count - 1)) % (count - 1);
        const second = other >= first ? other + 1 : other;
        const a = endpoints[first]!;
        const b = endpoints[second]!;
        const aFits = a !== avoid && a.usable(nowMs);
        const bFits = b !== avoid && b.usable(nowMs);
        if (aFits && bFits) return b.activeRequests < a.activeRequests ? b : a;
        if (aFits) return a;
        if (bFits) return b;
        return this.#scan(endpoints, nowMs, avoid);
      }
    }
  }

  #scan(endpoints: readonly EndpointState[], nowMs: number, avoid: EndpointState | undefined): EndpointState {
    const count = endpoints.length;
    let index = this.#next < count ? this.#next : 0;
    let fallback: EndpointState | undefined;
    for (let seen = 0; seen < count; seen++) {
      const candidate = endpoints[index]!;
      index = index + 1 === count ? 0 : index + 1;
      if (candidate !== avoid) {
        if (candidate.usable(nowMs)) {
          this.#next = index;
          return candidate;
        }
        fallback ??= candidate;
      }
    }
    this.#next = index === count ? 0 : index;
    // All of them failed lately: a guess is better than a certain 503.
    return fallback ?? endpoints[0]!;
  }
}
