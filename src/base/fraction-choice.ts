/** `numerator` of `denominator`; 0/n is none, n/n is all. */
type Fraction = { readonly numerator: number; readonly denominator: number };

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

  /** Goes on where `previous` was, when the fraction is the same. */
  resumeFrom(previous: FractionChoice): void {
    const { numerator, denominator } = previous.#fraction;
    if (numerator !== this.#fraction.numerator || denominator !== this.#fraction.denominator) return;
    this.#carry = previous.#carry;
  }
}
