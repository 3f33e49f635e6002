import type { Deadlines } from "./deadlines.ts";
import type { ProxyLimits } from "./limits.ts";

/** Bounds of {@link BodyPace}. */
export type BodyPaceLimits = {
  /** Longest silence, and the most time that can be saved up. Milliseconds. */
  readonly stallMs: number;
  /** A byte buys its part of a second; 0: each buys all of `stallMs`. */
  readonly bytesPerSecond: number;
  /** From the head to the last byte. `Infinity`: no limit. Milliseconds. */
  readonly totalMs: number;
};

/** Those of an ordinary body, and those of a call's messages, which come when there is something to say. */
export function bodyPaceLimits(limits: ProxyLimits, use: "body" | "call"): BodyPaceLimits {
  return use === "call"
    ? { stallMs: limits.tunnelIdleMs, bytesPerSecond: 0, totalMs: Number.POSITIVE_INFINITY }
    : {
        stallMs: limits.requestStallMs,
        bytesPerSecond: limits.requestBodyRate,
        totalMs: limits.requestBodyTimeoutMs,
      };
}

/**
 * How slowly a client may send a body: a deadline that every byte moves on, and that stands still while the client is not
 * waited for. What is saved up by sending fast is bounded, so that a fast beginning buys no slow rest.
 */
export class BodyPace {
  /** On the clock of `Deadlines`; `Infinity` while the client is not waited for. */
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly #deadlines: Pick<Deadlines, "after">;
  #limits!: BodyPaceLimits;
  #endMs = 0;
  /** Time that was left when the client was no longer waited for; -1: it is being waited for. */
  #savedMs = -1;

  constructor(deadlines: Pick<Deadlines, "after">) {
    this.#deadlines = deadlines;
  }

  /** A head has come, and its body is to follow. */
  begin(limits: BodyPaceLimits): void {
    this.#limits = limits;
    this.#endMs = this.#deadlines.after(limits.totalMs);
    this.#savedMs = -1;
    this.#waitFor(limits.stallMs);
  }

  received(bytes: number): void {
    const { stallMs, bytesPerSecond } = this.#limits;
    const paused = this.#savedMs >= 0;
    const leftMs = paused ? this.#savedMs : this.deadlineMs - this.#deadlines.after(0);
    const nextMs = bytesPerSecond === 0 ? stallMs : Math.min(stallMs, leftMs + (bytes * 1000) / bytesPerSecond);
    if (paused) this.#savedMs = nextMs;
    else this.#waitFor(nextMs);
  }

  /** The client cannot send: it is not to blame. */
  pause(): void {
    if (this.#savedMs >= 0) return;
    this.#savedMs = Math.max(0, this.deadlineMs - this.#deadlines.after(0));
    this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  resume(): void {
    if (this.#savedMs < 0) return;
    const leftMs = this.#savedMs;
    this.#savedMs = -1;
    this.#waitFor(leftMs);
  }

  #waitFor(durationMs: number): void {
    this.deadlineMs = Math.min(this.#deadlines.after(durationMs), this.#endMs);
  }
}
