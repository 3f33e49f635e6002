import { inspect } from "node:util";
import type { SecretKey } from "./tls.ts";

/** PEM text of a certificate chain with its private key, or of a CA bundle. */
export type SecretMaterial =
  | { readonly kind: "certificate"; readonly chainPem: string; readonly keyPem: string }
  | { readonly kind: "ca"; readonly bundlePem: string };

/** Key material by secret key. Printing, logging or serialising it shows the keys' names and nothing else. */
export class SecretTable {
  readonly #rows: ReadonlyMap<SecretKey, SecretMaterial>;

  constructor(rows: ReadonlyMap<SecretKey, SecretMaterial>) {
    this.#rows = rows;
  }

  get(key: SecretKey): SecretMaterial | undefined {
    return this.#rows.get(key);
  }

  keys(): readonly SecretKey[] {
    return [...this.#rows.keys()];
  }

  toJSON(): unknown {
    return { redacted: this.keys() };
  }

  [inspect.custom](): string {
    return `SecretTable(${this.#rows.size} redacted)`;
  }
}
