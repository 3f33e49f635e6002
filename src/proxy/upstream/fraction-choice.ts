import type { Fraction } from "../../ir/filter.ts";

/** Says yes to exactly `numerator` of every `denominator` calls, evenly spread. */
export class FractionChoice {
  readonly #fraction: Fraction;
  #carry = 0;

  constructor(fraction: Fraction) {
    this.#fraction = fraction;
  }

  next(): boolean {
    this.#carry += this.#fraction.numerator;
    if (this.#carry < this.#fraction.denominator) return false;
    this.#carry -= this.#fraction.denominator;
    return true;
  }
}
