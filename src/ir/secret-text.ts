import type { SecretMaterial } from "./secret-table.ts";

/** Text of an opaque row, which is how filters get what users write in Secrets. `undefined`: there is no such row. */
export function secretText(material: SecretMaterial | undefined): string | undefined {
  return material?.kind === "opaque" ? Buffer.from(material.bytesBase64, "base64").toString() : undefined;
}

/** {@link secretText} of a single line: files that Secrets are made of often end in a line end, which is no part of it. */
export function secretLine(material: SecretMaterial | undefined): string | undefined {
  const text = secretText(material);
  return text === undefined ? undefined : withoutLineEnd(text);
}

/** A text without the line end that it ends in. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, "");
}
