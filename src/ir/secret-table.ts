import { inspect } from "node:util";
import type { SecretKey } from "./tls.ts";

/** An OCSP response for a certificate, and when it may be shown. RFC 6960. */
export type OcspStaple = {
  /** DER as base64. */
  readonly responseBase64: string;
  /** `thisUpdate` and `nextUpdate`. Milliseconds since the epoch; `toMs` is Infinity when the response names no end. */
  readonly fromMs: number;
  readonly toMs: number;
};

/** PEM text of a certificate chain with its private key, or of a CA bundle. */
export type SecretMaterial =
  | {
      readonly kind: "certificate";
      readonly chainPem: string;
      readonly keyPem: string;
      readonly ocspStaple?: OcspStaple;
    }
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
