import { type Clock, systemClock } from "../base/clock.ts";

/** How often a server that is away is asked for a sign of life. */
const probeMs = 1000;
/** Listeners are told at most once in this time: a server that answers one request and drops the next must not be asked in a loop. */
const tellMs = 1000;

export type ServerReachOptions = {
  /** Asks the server for anything; that it was answered, or not, is told as of every request. May reject. */
  readonly probe: () => Promise<unknown>;
  /** Default: the machine's. */
  readonly clock?: Clock;
};

/**
 * Whether an API server answers, as all requests of one client find out together. Who waits to try again, each for a time of its
 * own, is told as soon as any request has been answered, so that nothing that works on it stays behind after an outage. While
 * the server is away and somebody waits, it is asked once a second.
 */
export class ServerReach {
  readonly #probe: () => Promise<unknown>;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #isLost = false;
  #toldMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #probing: NodeJS.Timeout | undefined;

  constructor({ probe, clock = systemClock }: ServerReachOptions) {
    this.#probe = probe;
    this.#clock = clock;
  }

  /** Calls `listener` when the server answers after it did not. Returns what takes it off again. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#isLost) this.lost();
    return () => this.#listeners.delete(listener);
  }

  /** A request had no answer, or one of a server that is not well. */
  lost(): void {
    this.#isLost = true;
    if (this.#listeners.size > 0) this.#probing ??= setTimeout(() => void this.#look(), probeMs).unref();
  }

  /** A request was answered, no matter what. */
  answered(): void {
    if (!this.#isLost) return;
    this.#isLost = false;
    clearTimeout(this.#probing);
    this.#probing = undefined;
    const waitMs = this.#toldMs + tellMs - this.#clock.monotonicMs();
    if (waitMs <= 0) this.#tell();
    else this.#timer ??= setTimeout(() => this.#tell(), waitMs).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#probing);
    this.#listeners.clear();
  }

  async #look(): Promise<void> {
    await this.#probe().catch(() => {});
    this.#probing = undefined;
    if (this.#isLost) this.lost();
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#toldMs = this.#clock.monotonicMs();
    for (const listener of this.#listeners) listener();
  }
}
