import type { Clock } from "../../base/clock.ts";
import { TokenBucket } from "../../kube/token-bucket.ts";

export type WritePaceOptions = {
  readonly requestsPerSecond: number;
  readonly burst: number;
  /** Between writes of one object. */
  readonly intervalMs: number;
  /** How long the watch may take to show what a write met a conflict with. */
  readonly conflictWaitMs: number;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
};

/** Writes of one object that may follow each other at once: accepted, programmed, addresses. */
const objectBurst = 3;
/** How often a permission that was missing is tried again. */
const forbiddenMs = 60_000;
const firstRetryMs = 500;
const lastRetryMs = 30_000;

/** When the next request may be sent: by rate, by what the API server can take now, and by what it permits. */
export class WritePace {
  readonly #options: WritePaceOptions;
  readonly #bucket: TokenBucket;
  /** By kind: until when nothing of it is written, because it may not be. */
  readonly #forbidden = new Map<string, number>();
  #pausedUntilMs = 0;
  #outages = 0;

  constructor(options: WritePaceOptions) {
    this.#options = options;
    const { requestsPerSecond: perSecond, burst } = options;
    this.#bucket = new TokenBucket({ perSecond, burst, nowMs: this.#nowMs() });
  }

  /** Takes the right to send one request; otherwise says after how many milliseconds to ask again. 0: it is taken. */
  take(): number {
    const nowMs = this.#nowMs();
    const pausedMs = this.#pausedUntilMs - nowMs;
    if (pausedMs > 0) return pausedMs;
    return this.#bucket.take(nowMs) ? 0 : this.#bucket.waitMs(nowMs);
  }

  /** How long objects of this kind are better left alone; 0 or less: they are not. */
  forbiddenForMs(kind: string): number {
    return (this.#forbidden.get(kind) ?? 0) - this.#nowMs();
  }

  /** The server does not permit writes of this kind; true when that is news. */
  forbid(kind: string): boolean {
    const isNews = !this.#forbidden.has(kind);
    this.#forbidden.set(kind, this.#nowMs() + forbiddenMs);
    return isNews;
  }

  /** The server cannot answer: nothing is sent for a while, longer each time. True when that is news. */
  pause(retryAfterMs: number): boolean {
    const nowMs = this.#nowMs();
    // Requests that were on their way together fail together, and count once.
    if (nowMs < this.#pausedUntilMs) return false;
    this.#outages += 1;
    this.#pausedUntilMs = nowMs + Math.max(retryAfterMs, this.backoffMs(this.#outages));
    return this.#outages === 1;
  }

  /** The server answers others again: nothing waits for it any more. */
  resume(): void {
    this.#pausedUntilMs = 0;
    this.#outages = 0;
  }

  /** The server answered. */
  answered(): void {
    this.#outages = 0;
  }

  /** It took a write of this kind. */
  permitted(kind: string): void {
    this.#forbidden.delete(kind);
  }

  /** Doubles from half a second to half a minute, a half of it at random. */
  backoffMs(attempts: number): number {
    const fullMs = Math.min(lastRetryMs, firstRetryMs * 2 ** (attempts - 1));
    return Math.ceil(fullMs * (0.5 + 0.5 * this.#options.random()));
  }

  /** None for the first conflicts; then longer and longer, so that two writers get out of step. */
  conflictPauseMs(attempts: number): number {
    return attempts <= 3 ? 0 : Math.min(this.#options.conflictWaitMs, this.backoffMs(attempts - 3) / 10);
  }

  /** Not for ever at the same pace: something else than another writer may be the reason. */
  conflictWaitMs(attempts: number): number {
    return Math.max(this.#options.conflictWaitMs, attempts <= 3 ? 0 : this.backoffMs(attempts - 3));
  }

  /** A bound on the writes of one object. */
  newAllowance(): TokenBucket {
    return new TokenBucket({ perSecond: 1000 / this.#options.intervalMs, burst: objectBurst, nowMs: this.#nowMs() });
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }
}
