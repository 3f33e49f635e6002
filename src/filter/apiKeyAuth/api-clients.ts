import { KeyedHash } from "../../base/keyed-hash.ts";
import { clientsByKey } from "../../ir/clients-by-key.ts";

/** Clients by a keyed hash of their keys, so that the time of a look-up tells nothing of a key. */
export class ApiClients {
  readonly #names = new KeyedHash();
  readonly #ids = new Map<string, string>();

  constructor(clients: readonly (readonly [id: string, key: string])[]) {
    for (const [key, id] of clientsByKey(clients).byKey) this.#ids.set(this.#names.of(key), id);
  }

  /** Whose key it is. */
  idOf(key: string): string | undefined {
    return this.#ids.get(this.#names.of(key));
  }
}
