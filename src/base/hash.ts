import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";

/** Short name of a content: 16 hexadecimal digits (64 bits) of SHA-256 over UTF-8. For telling versions apart, not for security. */
export function hashText(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex").slice(0, 16);
}

/** {@link hashText} of plain data; equal data gives equal hashes, whatever the order of its members. */
export function hashJson(value: unknown): string {
  return hashText(canonicalJson(value));
}
