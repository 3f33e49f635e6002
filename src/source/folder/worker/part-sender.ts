import type { Resource } from "../../../resource/kinds.ts";
import type { SourcePart } from "../../../store/store.ts";
import { type Chunk, ChunkOrigin } from "../chunk.ts";
import type { SentItem } from "./messages.ts";

/**
 * About how much one batch may hold, in characters of what it was read from: taking one over holds up requests for a few
 * milliseconds.
 */
const batchSize = 64 * 1024;
/** A chunk of more characters is not parsed where requests are served: its positions are sent instead. */
const textLimit = 64 * 1024;

/** Turns the parts of one reading after the other into batches of what has not been sent before. */
export class PartSender {
  #lastId = 0;
  #parts: ReadonlyMap<SourcePart, number> = new Map();
  #objects: ReadonlyMap<Resource, number> = new Map();
  #chunks: ReadonlyMap<Chunk, SentChunk> = new Map();

  /** The batches of a reading. All of them have to be taken before those of the next. */
  *batches(parts: readonly SourcePart[]): Generator<readonly SentItem[]> {
    const reading: Reading = { parts: new Map(), objects: new Map(), chunks: new Map(), moved: [] };
    let batch: SentItem[] = [];
    let size = 0;
    for (const item of this.#items(parts, reading)) {
      batch.push(item);
      size += sizeOf(item);
      if (size < batchSize) continue;
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push({ kind: "state", parts: parts.map((part) => reading.parts.get(part) ?? 0), moved: reading.moved });
    yield batch;
    this.#parts = reading.parts;
    this.#objects = reading.objects;
    this.#chunks = reading.chunks;
  }

  *#items(parts: readonly SourcePart[], reading: Reading): Generator<SentItem> {
    for (const part of parts) {
      const objects: number[] = [];
      for (const resource of part.resources) {
        yield* this.#object(resource, reading);
        objects.push(reading.objects.get(resource) ?? 0);
      }
      const known = this.#parts.get(part);
      reading.parts.set(part, known ?? ++this.#lastId);
      if (known !== undefined) continue;
      const { file, findings, ignored } = part;
      yield { kind: "part", id: this.#lastId, file, objects, findings, ignored };
    }
  }

  *#object(resource: Resource, reading: Reading): Generator<SentItem> {
    const { origin, ...plain } = resource;
    // Every object that is read from a file has one.
    if (!(origin instanceof ChunkOrigin)) return;
    yield* this.#chunk(origin.chunk, reading);
    const chunk = reading.chunks.get(origin.chunk)!.id;
    const known = this.#objects.get(resource);
    const id = known ?? ++this.#lastId;
    reading.objects.set(resource, id);
    if (known !== undefined) return;
    const positions = origin.chunk.text.length > textLimit ? origin.positions() : undefined;
    yield { kind: "object", id, chunk, base: origin.base, resource: plain as Omit<Resource, "origin">, positions };
  }

  *#chunk(chunk: Chunk, reading: Reading): Generator<SentItem> {
    if (reading.chunks.has(chunk)) return;
    const { file, text, linesAbove } = chunk;
    const known = this.#chunks.get(chunk);
    const id = known?.id ?? ++this.#lastId;
    reading.chunks.set(chunk, { id, linesAbove });
    if (known === undefined) {
      yield { kind: "chunk", id, file, text: text.length > textLimit ? undefined : text, linesAbove };
    } else if (known.linesAbove !== linesAbove) reading.moved.push([id, linesAbove]);
  }
}

type SentChunk = { readonly id: number; readonly linesAbove: number };

/** What the reading that is being sent consists of. */
type Reading = {
  readonly parts: Map<SourcePart, number>;
  readonly objects: Map<Resource, number>;
  readonly chunks: Map<Chunk, SentChunk>;
  readonly moved: [chunk: number, linesAbove: number][];
};

/** An object is about as large as the text that it was read from, which counts already, unless that was not sent. */
function sizeOf(item: SentItem): number {
  switch (item.kind) {
    case "chunk":
      return 2 * (item.text?.length ?? 0);
    case "object":
      return 512 + 128 * (item.positions?.size ?? 0);
    case "part":
      return 512 * (item.findings.length + item.ignored.length) + 8 * item.objects.length;
    case "state":
      return 0;
  }
}
