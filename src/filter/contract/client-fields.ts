import type { RequestCopy } from "./message.ts";

/**
 * Field lines of a copied request as its client sent them, CR LF after each: without request line, Host, the gateway's own lines
 * (`ownLines` of the request) and those whose lower-case names are in `anew`.
 */
export function clientFields({ lines }: RequestCopy, ownLines: string, anew: readonly string[] = []): string {
  const left = new Set(["host", ...anew, ...fieldLines(ownLines).map(nameOf)]);
  return fieldLines(lines.latin1Slice(lines.indexOf("\r\n") + 2))
    .filter((line) => !left.has(nameOf(line)))
    .map((line) => `${line}\r\n`)
    .join("");
}

function fieldLines(text: string): readonly string[] {
  return text.split("\r\n").filter((line) => line !== "");
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(":")).toLowerCase();
}
