import { type Clock, systemClock } from "../base/clock.ts";

/** Listeners are told at most once in this time: a server that answers one request and drops the next must not be asked in a loop. */
const tellMs = 1000;

/**
 * Whether an API server answers, as all requests of one client find out together. Who waits to try again, each for a time of its
 * own, is told as soon as any request has been answered, so that nothing that works on it stays behind after an outage.
 */
export class ServerReach {
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #isLost = false;
  #toldMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Calls `listener` when the server answers after it did not. Returns what takes it off again. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A request had no answer, or one of a server that is not well. */
  lost(): void {
    this.#isLost = true;
  }

  /** A request was answered, no matter what. */
  answered(): void {
    if (!this.#isLost) return;
    this.#isLost = false;
    const waitMs = this.#toldMs + tellMs - this.#clock.monotonicMs();
    if (waitMs <= 0) this.#tell();
    else this.#timer ??= setTimeout(() => this.#tell(), waitMs).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#toldMs = this.#clock.monotonicMs();
    for (const listener of this.#listeners) listener();
  }
}
