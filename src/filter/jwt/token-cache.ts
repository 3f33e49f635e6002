import type { Claims } from "./claims.ts";
import type { Keys } from "./key-set.ts";

/** A token that was verified, with what follows from it. */
export type VerifiedToken = {
  readonly keys: Keys;
  readonly claims: Claims;
  readonly principal: string | undefined;
  /** Of the request to the backend; names are lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Since the epoch. */
  readonly expiresMs: number;
};

/** Bounds of the tokens that one provider of one filter remembers: number, and characters of all together. */
const maxTokens = 4_096;
const maxCharacters = 4_194_304;

/** Tokens that were verified: the one that was verified first goes first. Bounded. */
export class TokenCache {
  readonly #tokens = new Map<string, VerifiedToken>();
  #characters = 0;

  /** `undefined`: not known, or no longer valid, or verified with other keys than these. */
  get(token: string, keys: Keys, nowMs: number): VerifiedToken | undefined {
    const known = this.#tokens.get(token);
    if (known === undefined) return undefined;
    if (known.keys === keys && nowMs < known.expiresMs) return known;
    this.#delete(token);
    return undefined;
  }

  set(token: string, verified: VerifiedToken): void {
    this.#delete(token);
    this.#tokens.set(token, verified);
    this.#characters += token.length;
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= maxTokens && this.#characters <= maxCharacters) break;
      this.#delete(oldest);
    }
  }

  get size(): number {
    return this.#tokens.size;
  }

  #delete(token: string): void {
    if (this.#tokens.delete(token)) this.#characters -= token.length;
  }
}
