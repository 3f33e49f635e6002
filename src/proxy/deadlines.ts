/** Something with at most one coarse deadline at a time. */
export interface Deadlined {
  /** From `Deadlines.after`; `Infinity` when there is none. */
  deadlineMs: number;
  /** Called once the deadline has passed; it has been reset to `Infinity`. */
  onDeadline(): void;
}

/**
 * Coarse timeouts for many connections. Setting one is a field write: no timer, no clock, no allocation. One sweep per tick
 * finds those that passed; they are late by at most two ticks and never early.
 */
export class Deadlines {
  readonly #members = new Set<Deadlined>();
  readonly #tickMs: number;
  #nowMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  /** The deadline that lies `durationMs` ahead. */
  after(durationMs: number): number {
    return this.#nowMs + this.#tickMs + durationMs;
  }

  add(member: Deadlined): void {
    this.#members.add(member);
    if (this.#timer !== undefined) return;
    this.#nowMs = performance.now();
    this.#timer = setInterval(() => this.#sweep(), this.#tickMs);
    this.#timer.unref();
  }

  delete(member: Deadlined): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    const now = performance.now();
    this.#nowMs = now;
    for (const member of this.#members) {
      if (member.deadlineMs > now) continue;
      member.deadlineMs = Number.POSITIVE_INFINITY;
      member.onDeadline();
    }
  }
}
