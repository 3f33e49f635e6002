import { deepFreeze } from "../../../base/deep-freeze.ts";
import type { Position } from "../../../finding/finding.ts";
import type { Resource } from "../../../resource/kinds.ts";
import type { Origin } from "../../../resource/origin.ts";
import type { SourcePart } from "../../../store/store.ts";
import { Chunk, ChunkOrigin } from "../chunk.ts";
import type { Positions, SentItem } from "./messages.ts";

/** Puts the parts together again that a {@link PartSender} has taken apart. */
export class PartReceiver {
  #parts = new Map<number, SourcePart>();
  /** Objects and chunks by number, with the chunk of each object. */
  #objects = new Map<number, { readonly resource: Resource; readonly chunk: number }>();
  #chunks = new Map<number, Chunk>();
  readonly #objectsOf = new WeakMap<SourcePart, readonly number[]>();

  /** Takes a batch over. Returns the parts of the reading when it is the last one. */
  take(items: readonly SentItem[]): readonly SourcePart[] | undefined {
    let parts: readonly SourcePart[] | undefined;
    for (const item of items) {
      switch (item.kind) {
        case "chunk":
          this.#chunks.set(item.id, new Chunk(item.file, item.text ?? "", item.linesAbove));
          break;
        case "object":
          this.#objects.set(item.id, { resource: this.#resource(item), chunk: item.chunk });
          break;
        case "part": {
          const { id, file, objects, findings, ignored } = item;
          const resources = objects.map((object) => this.#objects.get(object)!.resource);
          const part: SourcePart = { file, resources, findings, ignored };
          this.#objectsOf.set(part, objects);
          this.#parts.set(id, part);
          break;
        }
        case "state":
          for (const [chunk, linesAbove] of item.moved) this.#chunks.get(chunk)!.linesAbove = linesAbove;
          parts = item.parts.map((part) => this.#parts.get(part)!);
          this.#keep(item.parts);
          break;
      }
    }
    return parts;
  }

  #resource({ resource, chunk, base, positions }: SentItem & { readonly kind: "object" }): Resource {
    const known = this.#chunks.get(chunk)!;
    const origin = positions === undefined ? new ChunkOrigin(known, base) : new ListedOrigin(known, positions);
    return deepFreeze({ ...resource, origin } as unknown as Resource);
  }

  /** Forgets what these parts do not name. */
  #keep(parts: readonly number[]): void {
    this.#parts = new Map(parts.map((part) => [part, this.#parts.get(part)!]));
    const objects = new Map<number, { readonly resource: Resource; readonly chunk: number }>();
    const chunks = new Map<number, Chunk>();
    for (const part of this.#parts.values()) {
      for (const id of this.#objectsOf.get(part)!) {
        const object = this.#objects.get(id)!;
        objects.set(id, object);
        chunks.set(object.chunk, this.#chunks.get(object.chunk)!);
      }
    }
    this.#objects = objects;
    this.#chunks = chunks;
  }
}

/** The origin of an object whose text is not at hand. */
class ListedOrigin implements Origin {
  readonly #chunk: Chunk;
  readonly #positions: Positions;

  constructor(chunk: Chunk, positions: Positions) {
    this.#chunk = chunk;
    this.#positions = positions;
  }

  get file(): string {
    return this.#chunk.file;
  }

  at(pointer: string): Position {
    let known = this.#positions.get(pointer);
    for (let path = pointer; known === undefined && path !== ""; known = this.#positions.get(path)) {
      path = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    }
    const [line, column] = known ?? [1, 1];
    return { file: this.file, line: this.#chunk.linesAbove + line, column };
  }
}
