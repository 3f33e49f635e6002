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

/** PEM text of a certificate chain with its private key, or of a CA bundle; or bytes that a filter knows how to read. */
export type SecretMaterial =
  | {
      readonly kind: "certificate";
      readonly chainPem: string;
      readonly keyPem: string;
      readonly ocspStaple?: OcspStaple;
    }
  | { readonly kind: "ca"; readonly bundlePem: string }
  | { readonly kind: "opaque"; readonly bytesBase64: string };

/**
 * Key material as plain JSON, for the configuration stream and the state file and nothing else: it is neither redacted nor
 * encrypted. The only difference to {@link SecretMaterial}: `toMs` of a staple without an end is `null`.
 */
export type ExportedSecret = { readonly kind: SecretMaterial["kind"] };
export type ExportedSecrets = Readonly<Record<SecretKey, ExportedSecret>>;

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

  /** The material of some keys, unredacted; keys without a row are left out. */
  exportUnredacted(keys: Iterable<SecretKey>): ExportedSecrets {
    const exported: Record<SecretKey, ExportedSecret> = {};
    for (const key of keys) {
      const material = this.#rows.get(key);
      if (material !== undefined) exported[key] = exportMaterial(material);
    }
    return exported;
  }

  /** The table of what {@link exportUnredacted} gave, also after a way through JSON. */
  static importUnredacted(exported: ExportedSecrets): SecretTable {
    const rows = Object.entries(exported).map(([key, material]) => [key, importMaterial(material)] as const);
    return new SecretTable(new Map(rows));
  }

  toJSON(): unknown {
    return { redacted: this.keys() };
  }

  [inspect.custom](): string {
    return `SecretTable(${this.#rows.size} redacted)`;
  }
}

/** JSON knows no Infinity. */
function exportMaterial(material: SecretMaterial): ExportedSecret {
  if (material.kind !== "certificate" || material.ocspStaple?.toMs !== Number.POSITIVE_INFINITY) return material;
  return { ...material, ocspStaple: { ...material.ocspStaple, toMs: null } } as ExportedSecret;
}

function importMaterial(exported: ExportedSecret): SecretMaterial {
  const material = exported as SecretMaterial;
  if (material.kind !== "certificate" || material.ocspStaple === undefined || material.ocspStaple.toMs !== null)
    return material;
  return { ...material, ocspStaple: { ...material.ocspStaple, toMs: Number.POSITIVE_INFINITY } };
}
