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

  #parse(): Parsed {
    const kept = this.#parsed?.deref();
    if (kept !== undefined) return kept;
    const lines = new LineCounter();
    const parsed = { document: parseDocument(this.text, { ...yamlOptions, lineCounter: lines }), lines };
    this.#parsed = new WeakRef(parsed);
    return parsed;
  }
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
  const pair = node.items.find(
    (item) => String(isNode(item.key) ? (item.key as { value?: unknown }).value : item.key) === part,
  );
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

  get file(): string {
    return this.#chunk.file;
  }

  at(pointer: string): Position {
    const parts = pointer.split("/").slice(1);
    return this.#chunk.locate([
      ...this.#base,
      ...parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")),
    ]);
  }
}
