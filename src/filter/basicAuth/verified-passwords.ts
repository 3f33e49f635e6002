import type { Clock } from "../../base/clock.ts";
import { ExpiringMap } from "../../base/expiring-map.ts";
import { KeyedHash } from "../../base/keyed-hash.ts";
import type { PasswordHash } from "../../ir/htpasswd.ts";
import type { PasswordThread, PasswordVerdict } from "./password-thread.ts";

/** How long a password that was right needs no second check, and how many are known at a time. */
const rememberedMs = 5 * 60_000;
const maxRemembered = 4_096;

/** A password to be checked. */
export type PasswordQuestion = {
  readonly user: string;
  readonly password: string;
  readonly hash: PasswordHash;
  /** The hash is of another user's, so that an unknown one takes as long: whatever comes of it is not remembered. */
  readonly isDecoy: boolean;
  /** See `PasswordThread.ask`. */
  readonly asker: string;
};

type Teller = (verdict: PasswordVerdict) => void;

/**
 * Passwords that were right lately: they are not hashed again for every request. Only a keyed hash of them is kept. A changed
 * line of the file is another question. Those who ask the same at the same time share one check.
 */
export class VerifiedPasswords {
  readonly #thread: PasswordThread;
  readonly #names = new KeyedHash();
  readonly #verified: ExpiringMap<true>;
  readonly #asked = new Map<string, Teller[]>();

  constructor(thread: PasswordThread, clock: Clock) {
    this.#thread = thread;
    this.#verified = new ExpiringMap(maxRemembered, clock);
  }

  /** What a question is known by here. */
  nameOf({ user, password, hash }: PasswordQuestion): string {
    return this.#names.of(user, password, JSON.stringify(hash));
  }

  /** Whether the answer is known to be yes. */
  holds(name: string): boolean {
    return this.#verified.get(name) !== undefined;
  }

  /** Asks; `tell` is called once, perhaps at once. */
  ask(name: string, { password, hash, isDecoy, asker }: PasswordQuestion, tell: Teller): void {
    const tellers = this.#asked.get(name);
    if (tellers !== undefined) {
      tellers.push(tell);
      return;
    }
    this.#asked.set(name, [tell]);
    this.#thread.ask(password, hash, asker, (verdict) => {
      const all = this.#asked.get(name) ?? [];
      this.#asked.delete(name);
      if (verdict === "matches" && !isDecoy) this.#verified.set(name, true, rememberedMs);
      for (const each of all) each(verdict);
    });
  }
}
