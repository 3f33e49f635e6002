import type { Clock } from "./clock.ts";

/** A map with a bound, whose entries end: when their time is over, or for a newer one when they were not used for longest. */
export class ExpiringMap<V> {
  readonly #maxKeys: number;
  readonly #clock: Clock;
  /** In the order of use. */
  readonly #entries = new Map<string, { readonly value: V; readonly untilMs: number }>();

  constructor(maxKeys: number, clock: Clock) {
    this.#maxKeys = maxKeys;
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.untilMs <= this.#clock.monotonicMs()) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: V, ttlMs: number): void {
    this.#entries.delete(key);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < this.#maxKeys) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(key, { value, untilMs: this.#clock.monotonicMs() + ttlMs });
  }
}
