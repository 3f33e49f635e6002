import { type Document, isAlias, isMap, isNode, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Position } from "../../finding/finding.ts";
import type { Origin } from "../../resource/origin.ts";
import { yamlOptions } from "./yaml-options.ts";

/**
 * The text of one YAML document of a file. It may move up and down in its file when other documents change; positions
 * are worked out from the text when someone asks, and nothing but the text is kept for that.
 */
export class Chunk {
  readonly file: string;
  readonly text: string;
  /** Lines of the file above the text. */
  linesAbove: number;
  #parsed: WeakRef<Parsed> | undefined;

  constructor(file: string, text: string, linesAbove: number) {
    this.file = file;
    this.text = text;
    this.linesAbove = linesAbove;
  }

  /** Position of an offset into the text. */
  positionAt(offset: number): Position {
    const before = this.text.slice(0, offset);
    const lines = before.split("\n");
    return { file: this.file, line: this.linesAbove + lines.length, column: (lines.at(-1) ?? "").length + 1 };
  }

  /** Where the value at a path of keys and indexes stands; that of its nearest existing ancestor when it is absent. */
  locate(path: readonly string[]): Position {
    const { document, lines } = this.#parse();
    let node: unknown = document.contents;
    let offset = startOf(node) ?? 0;
    for (const part of path) {
      if (isAlias(node)) node = node.resolve(document);
      const step = stepInto(node, part);
      if (step === undefined) break;
      offset = step.offset ?? offset;
      node = step.node;
    }
    const { line, col } = lines.linePos(offset);
    return { file: this.file, line: this.linesAbove + Math.max(1, line), column: Math.max(1, col) };
  }

  /** Every position below `base`, by JSON pointer from there: line in the text, and column. */
  positionsBelow(base: readonly string[]): Map<string, [line: number, column: number]> {
    const { document, lines } = this.#parse();
    const found = new Map<string, [line: number, column: number]>();
    let root: unknown = document.contents;
    for (const part of base) root = stepInto(isAlias(root) ? root.resolve(document) : root, part)?.node;
    const add = (pointer: string, node: unknown, offset: number): void => {
      const { line, col } = lines.linePos(offset);
      found.set(pointer, [Math.max(1, line), Math.max(1, col)]);
      const value = isAlias(node) ? node.resolve(document) : node;
      // Values that anchors repeat without end have no object; this bounds what is left.
      if (found.size > positionLimit) return;
      for (const [part, item] of membersOf(value)) {
        const place = startOf(item.key) ?? startOf(item.value) ?? offset;
        add(`${pointer}/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`, item.value, place);
      }
    };
    add("", root, startOf(root) ?? 0);
    return found;
  }

  #parse(): Parsed {
    const kept = this.#parsed?.deref();
    if (kept !== undefined) return kept;
    const lines = new LineCounter();
    const parsed = { document: parseDocument(this.text, { ...yamlOptions, lineCounter: lines }), lines };
    this.#parsed = new WeakRef(parsed);
    return parsed;
  }
}

/** Positions that one object may have. */
const positionLimit = 100_000;

type Member = readonly [part: string, item: { readonly key: unknown; readonly value: unknown }];

/** The members of a mapping or sequence as {@link stepInto} finds them. */
function membersOf(node: unknown): readonly Member[] {
  if (isSeq(node)) return node.items.map((value, index) => [String(index), { key: undefined, value }]);
  if (isMap(node)) return node.items.map((pair) => [keyText(pair.key), pair]);
  return [];
}

function keyText(key: unknown): string {
  return String(isNode(key) ? (key as { value?: unknown }).value : key);
}

type Parsed = { readonly document: Document.Parsed; readonly lines: LineCounter };

/** The member of a mapping (its position is that of the key, which readers look for) or sequence. */
function stepInto(
  node: unknown,
  part: string,
): { readonly node: unknown; readonly offset: number | undefined } | undefined {
  if (isSeq(node)) {
    const item = /^\d{1,9}$/.test(part) ? node.items[Number(part)] : undefined;
    return item === undefined ? undefined : { node: item, offset: startOf(item) };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => keyText(item.key) === part);
  return pair === undefined ? undefined : { node: pair.value, offset: startOf(pair.key) ?? startOf(pair.value) };
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}

/** The origin of one object of a chunk; `base` leads to it inside a List. */
export class ChunkOrigin implements Origin {
  readonly #chunk: Chunk;
  readonly #base: readonly string[];

  constructor(chunk: Chunk, base: readonly string[]) {
    this.#chunk = chunk;
    this.#base = base;
  }

  get chunk(): Chunk {
    return this.#chunk;
  }

  get base(): readonly string[] {
    return this.#base;
  }

  get file(): string {
    return this.#chunk.file;
  }

  /** Of every field of the object, for whoever has not got the text. */
  positions(): Map<string, [line: number, column: number]> {
    return this.#chunk.positionsBelow(this.#base);
  }

  at(pointer: string): Position {
    const parts = pointer.split("/").slice(1);
    return this.#chunk.locate([
      ...this.#base,
      ...parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")),
    ]);
  }
}
