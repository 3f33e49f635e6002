import { type Document, isAlias, isCollection, isMap, isScalar, isSeq, type Node, parseDocument, visit } from "yaml";
import { kinds } from "../../resource/kinds.ts";
import { mayBeSecret } from "../../resource/secret-fields.ts";
import { splitDocuments } from "./split-documents.ts";
import { yamlOptions } from "./yaml-options.ts";

const mask = "•";

/**
 * The lines of a file of manifests that may be shown to people, in terminals and logs of builds; `undefined` in place of one that
 * may not. Shown are documents that can be read and whose objects are of kinds that Sluice knows, without Secrets and ConfigMaps
 * among them; values that may be secrets are covered in them, column by column. Never throws.
 */
export function shownLines(text: string): readonly (string | undefined)[] {
  const shown: (string | undefined)[] = [""];
  for (const { text: part } of splitDocuments(text)) {
    const lines = cover(part)?.split(/\r?\n/) ?? part.split(/\r?\n/).map(() => undefined);
    // JSON objects may share a line, which is shown when all of it may be.
    const shared = shown.pop();
    const first = lines[0];
    shown.push(shared === undefined || first === undefined ? undefined : shared + first, ...lines.slice(1));
    // A document ends with the line feed before the next one, of which nothing need be hidden.
    if (part.endsWith("\n")) shown[shown.length - 1] = "";
  }
  return shown;
}

/** The text of one document; `undefined` when nothing of it may be shown. */
function cover(text: string): string | undefined {
  let document: Document.Parsed;
  try {
    document = parseDocument(text, yamlOptions);
  } catch {
    return undefined;
  }
  const { errors, warnings, contents } = document;
  if (errors.length > 0 || warnings.length > 0 || usesMarks(contents) || !isShown(contents)) return undefined;
  const spans: (readonly [start: number, end: number])[] = [];
  collect(contents, [], spans);
  let covered = "";
  let at = 0;
  for (const [start, end] of spans) {
    covered += text.slice(at, start) + text.slice(start, end).replace(/[^\r\n]/g, mask);
    at = end;
  }
  return covered + text.slice(at);
}

/** Tags, anchors and aliases: a password that begins with `!`, `&` or `*` and is not in quotation marks is read as one. */
function usesMarks(contents: unknown): boolean {
  let found = false;
  visit(contents as Node | null, (_key, node) => {
    found ||= isAlias(node) || ((isScalar(node) || isCollection(node)) && (node.anchor ?? node.tag) !== undefined);
    return found ? visit.BREAK : undefined;
  });
  return found;
}

function isShown(node: unknown): boolean {
  if (!isMap(node)) return false;
  const items = node.get("items");
  if (isSeq(items)) return items.items.every(isShown);
  const kind = node.get("kind");
  return typeof kind === "string" && Object.hasOwn(kinds, kind) && kind !== "Secret" && kind !== "ConfigMap";
}

type Path = readonly (string | number)[];

/** Where in the text values stand that may be secrets, in order. */
function collect(node: unknown, path: Path, spans: (readonly [number, number])[]): void {
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : "";
      collect(value, [...path, name], spans);
    }
  } else if (isSeq(node)) {
    node.items.forEach((item, index) => {
      collect(item, [...path, index], spans);
    });
  } else if (isScalar(node) && mayBeSecret(path)) {
    const { range } = node as Node;
    if (range) spans.push([range[0], range[1]]);
  }
}
