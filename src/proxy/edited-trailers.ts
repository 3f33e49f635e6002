import { asciiBytes } from "../wire/http1/ascii.ts";
import { foldsTo } from "../wire/http1/client-claim.ts";
import { JUDGED_NAME_BYTES, type TrailerClaims } from "../wire/http1/trailer-field.ts";

/**
 * The trailers that a client may not send because filters have a say on the header of that name: a backend that merges trailers
 * into the head would believe the client instead. Behind an authorisation server these are all: it saw none of them.
 */
export class EditedTrailers implements TrailerClaims {
  readonly #all: boolean;
  readonly #names: readonly { readonly start: Uint8Array; readonly length: number }[];

  /** From what all filters that a request of a rule may meet claim: names in lower case, or all. */
  constructor(claims: readonly (readonly string[] | "all")[]) {
    this.#all = claims.includes("all");
    const names = claims.flatMap((claimed) => (claimed === "all" ? [] : claimed));
    this.#names = [...new Set(names)].map((name) => ({
      start: asciiBytes(name.replaceAll("_", "-").slice(0, JUDGED_NAME_BYTES)),
      length: name.length,
    }));
  }

  claims(name: Uint8Array, length: number): boolean {
    return this.#all || this.#names.some((one) => one.length === length && foldsTo(name, 0, one.start));
  }
}
