import { getCACertificates } from "node:tls";
import type { SecretTable } from "../../ir/secret-table.ts";
import type { CaSource } from "../../ir/tls.ts";

/** PEM texts of the authorities; `undefined` when a bundle is not in the table. */
export function readAuthorities(sources: readonly CaSource[], secrets: SecretTable): readonly string[] | undefined {
  const pems: string[] = [];
  for (const source of sources) {
    if (source.kind === "system") {
      pems.push(...getCACertificates("default"));
      continue;
    }
    const material = secrets.get(source.key);
    if (material?.kind !== "ca") return undefined;
    pems.push(material.bundlePem);
  }
  return pems;
}
