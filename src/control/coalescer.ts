import { type Clock, systemClock } from "../base/clock.ts";

export type CoalescerOptions = {
  /** Called once for all changes since its last call. */
  readonly fire: () => void;
  /** Default: the machine's. */
  readonly clock?: Clock;
};

/**
 * Acts on the first change at once and on those that come while that takes its time together, after a rest. Sources gather
 * what belongs together before they tell of it: a second wait would only add to theirs.
 */
export class Coalescer {
  readonly #fire: () => void;
  readonly #clock: Clock;
  #rest: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #restUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: CoalescerOptions) {
    this.#fire = options.fire;
    this.#clock = options.clock ?? systemClock;
  }

  /** One more change: acted on in the next turn of the event loop at the earliest, as what arrives together belongs together. */
  touch(): void {
    if (this.#rest !== undefined || this.#immediate !== undefined) return;
    const waitMs = this.#restUntilMs - this.#clock.monotonicMs();
    if (waitMs > 0) this.#rest = setTimeout(() => this.#act(), waitMs);
    else this.#immediate = setImmediate(() => this.#act());
  }

  /**
   * What the changes led to has just taken `durationMs`. Nothing is fired for a quarter of that, so that other work has its
   * turn in a storm of changes. `due`: changes that had been fired too early are fired after it.
   */
  rest(durationMs: number, due: "due" | "nothing"): void {
    this.#restUntilMs = this.#clock.monotonicMs() + Math.min(Math.max(durationMs / 4, minRestMs), maxRestMs);
    if (due === "due") this.touch();
  }

  /** Forgets what was waiting. */
  cancel(): void {
    clearTimeout(this.#rest);
    clearImmediate(this.#immediate);
    this.#rest = undefined;
    this.#immediate = undefined;
  }

  #act(): void {
    this.cancel();
    this.#fire();
  }
}

/** Time in which the further events of one cause usually arrive. */
const minRestMs = 2;
const maxRestMs = 500;
