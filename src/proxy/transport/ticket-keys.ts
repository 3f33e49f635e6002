import { hkdfSync, randomBytes } from "node:crypto";

/** A key stays in use for new tickets for so long, and for as long again for tickets that clients still hold. */
export const ticketRotationMs = 12 * 3_600_000;
/** Sessions are resumed for so long after their handshake. Well below {@link ticketRotationMs}: a ticket outlives no key. */
export const sessionLifetimeSeconds = 2 * 3_600;

const masterBytes = 32;
/** Scopes are few (one for each set of authorities for client certificates); what is derived for more is derived anew. */
const maxScopes = 256;

/** What session tickets are encrypted with. RFC 5077 section 4. */
export type TicketKey = {
  /** Names the key in the ticket. 16 bytes. */
  readonly name: Buffer;
  readonly hmac: Buffer;
  readonly aes: Buffer;
};

/** Key material that is made elsewhere, so that several processes have the same. */
export type SharedTicketKey = {
  /** 32 bytes. */
  readonly secret: Buffer;
  /** From when it is used for new tickets. Milliseconds since the epoch. */
  readonly fromMs: number;
};

type Master = { readonly secret: Buffer; readonly madeMs: number; readonly derived: Map<string, TicketKey> };

/**
 * The keys of this process's session tickets, which all its ports share. Rotation is by the clock as tickets are made, so
 * that no timer is needed. A scope has keys of its own: a session of one is never resumed in another.
 */
export class TicketKeys {
  readonly #now: () => number;
  readonly #rotationMs: number;
  /** Of its own, the newest first; at most two. */
  #masters: readonly Master[] = [];
  /** In ascending order of time. */
  #shared: readonly Master[] = [];

  constructor(options: { readonly now?: () => number; readonly rotationMs?: number } = {}) {
    this.#now = options.now ?? Date.now;
    this.#rotationMs = options.rotationMs ?? ticketRotationMs;
  }

  /** The key for new tickets. */
  current(scope: string): TicketKey {
    return derive(this.#fresh()[0]!, scope);
  }

  /** The key that a ticket names, and whether it should be replaced by a newer one; `undefined`: the ticket is not ours, or too old. */
  find(scope: string, name: Buffer): { readonly key: TicketKey; readonly renew: boolean } | undefined {
    for (const [age, master] of this.#fresh().entries()) {
      const key = derive(master, scope);
      if (key.name.equals(name)) return { key, renew: age > 0 };
    }
    return undefined;
  }

  /**
   * Uses these keys from now on instead of keys of its own: the newest that has begun for new tickets, all of them for tickets
   * that clients bring. When the newest is twice as old as keys may be, it is back to keys of its own.
   */
  share(keys: readonly SharedTicketKey[]): void {
    const known = new Map(this.#shared.map((master) => [master.secret.toString("base64"), master]));
    this.#shared = keys
      .map(
        ({ secret, fromMs }) => known.get(secret.toString("base64")) ?? { secret, madeMs: fromMs, derived: new Map() },
      )
      .sort((a, b) => a.madeMs - b.madeMs);
  }

  /** The keys in use, after dropping what is too old and making what is lacking. */
  #fresh(): readonly Master[] {
    const nowMs = this.#now();
    const shared = this.#shared.findLast(({ madeMs }) => madeMs <= nowMs);
    if (shared !== undefined && nowMs - shared.madeMs < 2 * this.#rotationMs) {
      return [shared, ...this.#shared.filter((master) => master !== shared)];
    }
    const newest = this.#masters[0];
    if (newest !== undefined && nowMs - newest.madeMs < this.#rotationMs) return this.#masters;
    const master = { secret: randomBytes(masterBytes), madeMs: nowMs, derived: new Map() };
    const previous = newest !== undefined && nowMs - newest.madeMs < 2 * this.#rotationMs ? [newest] : [];
    this.#masters = [master, ...previous];
    return this.#masters;
  }
}

function derive({ secret, derived }: Master, scope: string): TicketKey {
  const known = derived.get(scope);
  if (known !== undefined) return known;
  const bytes = Buffer.from(hkdfSync("sha256", secret, "", `session tickets|${scope}`, 48));
  const key = { name: bytes.subarray(0, 16), hmac: bytes.subarray(16, 32), aes: bytes.subarray(32, 48) };
  if (derived.size >= maxScopes) derived.clear();
  derived.set(scope, key);
  return key;
}
