import { type Clock, systemClock } from "../base/clock.ts";

/** How often a server that does not answer is asked for a sign of life. */
const probeMs = 1000;

/** Listeners are told at most once in this time: a server that comes and goes must not be asked in a loop. */
const tellMs = 1000;

/** So long after it is back, a server may not know yet who may do what: it says no to everybody until it has read that. */
const startingMs = 30_000;

export type ServerReachOptions = {
  /** Asks the server for something that it always has; whether it answered. Never rejects. */
  readonly probe: () => Promise<boolean>;
  /** Default: the machine's. */
  readonly clock?: Clock;
};

/**
 * Whether an API server answers, for all who use one client. Who waits to try again, each for a time of its own, is told as soon
 * as the server is back, so that nothing stays behind after an outage. One request that fails proves nothing: the server is away
 * when a probe fails too, and is then asked once a second.
 */
export class ServerReach {
  readonly #probe: () => Promise<boolean>;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  /** `suspected`: a request has failed, and a probe is to show what that means. */
  #state: "there" | "suspected" | "away" = "there";
  #backMs = Number.NEGATIVE_INFINITY;
  #toldMs = Number.NEGATIVE_INFINITY;
  #telling: NodeJS.Timeout | undefined;
  #probing: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor({ probe, clock = systemClock }: ServerReachOptions) {
    this.#probe = probe;
    this.#clock = clock;
  }

  /** Whether the server was away until a moment ago, so that a refusal need not be its last word. */
  get isStarting(): boolean {
    return this.#clock.monotonicMs() - this.#backMs < startingMs;
  }

  /** Calls `listener` when the server is back after it was away, and when it is worth asking one again that is starting. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A request had no answer, or one of a server that is not well. */
  failed(): void {
    if (this.#state !== "there") return;
    this.#state = "suspected";
    this.#probeLater();
  }

  /** A request was answered, no matter what. */
  answered(): void {
    if (this.#state !== "away") return;
    this.#state = "there";
    this.#backMs = this.#clock.monotonicMs();
    this.#tellSoon();
  }

  /** A server that is starting has refused a request, which is to be asked again. */
  refused(): void {
    this.#tellSoon();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#telling);
    clearTimeout(this.#probing);
    this.#listeners.clear();
  }

  #probeLater(): void {
    if (!this.#isClosed) this.#probing = setTimeout(() => void this.#look(), probeMs).unref();
  }

  async #look(): Promise<void> {
    const isAnswered = await this.#probe();
    if (this.#state === "there") return;
    if (!isAnswered) {
      this.#state = "away";
      this.#probeLater();
    } else if (this.#state === "suspected") this.#state = "there";
    else this.answered();
  }

  #tellSoon(): void {
    if (this.#isClosed) return;
    const waitMs = this.#toldMs + tellMs - this.#clock.monotonicMs();
    if (waitMs <= 0) this.#tell();
    else this.#telling ??= setTimeout(() => this.#tell(), waitMs).unref();
  }

  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    this.#toldMs = this.#clock.monotonicMs();
    for (const listener of this.#listeners) listener();
  }
}
