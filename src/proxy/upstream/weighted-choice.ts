/**
 * Smooth weighted round-robin: over every run of `sum(weights)` choices each index comes up exactly as often as its
 * weight says, and spread out rather than in a row. Weights that share a divisor are exact over the shorter run.
 */
export class WeightedChoice {
  readonly #weights: readonly number[];
  readonly #total: number;
  readonly #current: number[];

  constructor(weights: readonly number[]) {
    this.#weights = weights;
    this.#total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#current = weights.map(() => 0);
  }

  /** The next index; -1 when there is nothing to choose from (no weights, or all of them zero). */
  next(): number {
    const weights = this.#weights;
    if (this.#total === 0) return -1;
    if (weights.length === 1) return 0;
    const current = this.#current;
    let best = -1;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < weights.length; index++) {
      const weight = weights[index]!;
      if (weight === 0) continue;
      const value = current[index]! + weight;
      current[index] = value;
      if (value > bestValue) {
        bestValue = value;
        best = index;
      }
    }
    current[best] = bestValue - this.#total;
    return best;
  }

  /** Goes on where `previous` was, when the weights are the same; so that frequent swaps do not starve a small share. */
  resumeFrom(previous: WeightedChoice): void {
    if (previous.#weights.length !== this.#weights.length) return;
    for (let index = 0; index < this.#weights.length; index++) {
      if (previous.#weights[index] !== this.#weights[index]) return;
    }
    for (let index = 0; index < this.#current.length; index++) this.#current[index] = previous.#current[index]!;
  }
}
