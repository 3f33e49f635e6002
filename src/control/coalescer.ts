import { type Clock, systemClock } from "../base/clock.ts";

/** When changes that come one after another are acted on together. */
export type CoalescerOptions = {
  /**
   * Quiet time after the last change. 0: no waiting, but for the rest that {@link Coalescer.rest} asks for. Milliseconds.
   */
  readonly quietMs: number;
  /** Longest wait after the first change, and longest rest. Milliseconds. */
  readonly ceilingMs: number;
  /** Called once for all changes since its last call. */
  readonly fire: () => void;
  /** Default: the machine's. */
  readonly clock?: Clock;
};

/** Waits for a storm of changes to end, but not for ever; with a quiet time of 0, acts on the first change at once. */
export class Coalescer {
  readonly #options: CoalescerOptions;
  readonly #clock: Clock;
  #quiet: NodeJS.Timeout | undefined;
  #ceiling: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #restUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: CoalescerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** One more change. */
  touch(): void {
    const { quietMs, ceilingMs } = this.#options;
    if (quietMs === 0) {
      this.#afterRest();
      return;
    }
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#fire(), quietMs);
    this.#ceiling ??= setTimeout(() => this.#fire(), ceilingMs);
  }

  /**
   * What the changes led to has just taken `durationMs`. With a quiet time of 0, nothing is fired for a quarter of that, so
   * that other work has its turn in a storm of changes. `due`: changes that had been fired too early are fired after it.
   */
  rest(durationMs: number, due: "due" | "nothing"): void {
    const { quietMs, ceilingMs, fire } = this.#options;
    if (quietMs === 0)
      this.#restUntilMs = this.#clock.monotonicMs() + Math.min(Math.max(durationMs / 4, minRestMs), ceilingMs);
    if (due === "nothing") return;
    if (quietMs === 0) this.#afterRest();
    else fire();
  }

  /** Forgets what was waiting. */
  cancel(): void {
    clearTimeout(this.#quiet);
    clearTimeout(this.#ceiling);
    clearImmediate(this.#immediate);
    this.#quiet = undefined;
    this.#ceiling = undefined;
    this.#immediate = undefined;
  }

  /** In the next turn of the event loop at the earliest: what arrived together belongs together. */
  #afterRest(): void {
    if (this.#quiet !== undefined || this.#immediate !== undefined) return;
    const waitMs = this.#restUntilMs - this.#clock.monotonicMs();
    if (waitMs > 0) this.#quiet = setTimeout(() => this.#fire(), waitMs);
    else this.#immediate = setImmediate(() => this.#fire());
  }

  #fire(): void {
    this.cancel();
    this.#options.fire();
  }
}

/** Time in which the further events of one cause usually arrive. */
const minRestMs = 2;
