import { KeyedHash } from "../../base/keyed-hash.ts";
import { type PasswordHash, parseHtpasswd } from "../../ir/htpasswd.ts";

/** The users of a file of htpasswd. */
export class UserList {
  readonly #users: ReadonlyMap<string, PasswordHash>;
  readonly #hashes: readonly PasswordHash[];
  readonly #names = new KeyedHash();

  constructor(htpasswd: string) {
    this.#users = parseHtpasswd(htpasswd).users;
    this.#hashes = [...this.#users.values()];
  }

  /**
   * The hash to check a user's password with. An unknown user gets that of one of the others, always the same one: the time of
   * an answer does not tell who exists. `undefined`: there are no users.
   */
  hashFor(user: string): { readonly hash: PasswordHash; readonly isDecoy: boolean } | undefined {
    const own = this.#users.get(user);
    // Also for those who exist, so that the work is the same.
    const index = Buffer.from(this.#names.of(user), "base64url").readUInt32BE() % Math.max(1, this.#hashes.length);
    const decoy = this.#hashes[index];
    if (own !== undefined) return { hash: own, isDecoy: false };
    return decoy === undefined ? undefined : { hash: decoy, isDecoy: true };
  }
}
