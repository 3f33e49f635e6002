export type BackoffOptions = {
  /** Upper bound of the first wait. Default 250 ms. */
  readonly baseMs?: number;
  /** Upper bound of every wait. Default 30,000 ms. */
  readonly capMs?: number;
  /** From 0 to below 1. Default `Math.random`. */
  readonly random?: () => number;
};

/** Waits that double, each a random part of its bound, so that many clients do not come back at the same moment. */
export class Backoff {
  readonly #baseMs: number;
  readonly #capMs: number;
  readonly #random: () => number;
  #failures = 0;

  constructor({ baseMs = 250, capMs = 30_000, random = Math.random }: BackoffOptions = {}) {
    this.#baseMs = baseMs;
    this.#capMs = capMs;
    this.#random = random;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** How long to wait after one more failure; never shorter than `atLeastMs`, which the server may have asked for. */
  nextMs(atLeastMs = 0): number {
    const boundMs = Math.min(this.#capMs, this.#baseMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return atLeastMs + this.#random() * boundMs;
  }

  reset(): void {
    this.#failures = 0;
  }
}
