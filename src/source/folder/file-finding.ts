import { makeFinding } from "../../finding/catalogue.ts";
import type { Finding, Position } from "../../finding/finding.ts";

/** A finding about a file or folder as a whole, or about a place in it that belongs to no object. */
export function fileFinding(
  name: Finding["name"],
  at: string | Position,
  text: { readonly message: string; readonly fix: string },
): Finding {
  const position = typeof at === "string" ? { file: at, line: 1, column: 1 } : at;
  return makeFinding(name, { object: { kind: "File", group: "", name: position.file }, position, ...text });
}
