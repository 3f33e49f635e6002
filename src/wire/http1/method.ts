import { asciiBytes } from "./ascii.ts";

const names = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"] as const;
const known = names.map((name) => ({ name, bytes: asciiBytes(name) }));

/** The method in `bytes[start..end)`. The common ones are constants; others make a string. Case is kept: methods are case-sensitive. */
export function methodName(bytes: Buffer, start: number, end: number): string {
  for (let i = 0; i < known.length; i++) {
    const candidate = known[i]!;
    if (candidate.bytes.length === end - start && startsWith(bytes, start, candidate.bytes)) return candidate.name;
  }
  return bytes.toString("latin1", start, end);
}

function startsWith(bytes: Buffer, start: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    if (bytes[start + i] !== name[i]) return false;
  }
  return true;
}
