import { noTrailers } from "../head/no-trailers.ts";
import type { HeaderField } from "../http2/hpack-table.ts";
import { ChunkReader, nextContent } from "./chunked.ts";
import type { TrailerSender } from "./trailer-field.ts";

/** Receives the content of a chunked body. */
export interface ContentSink {
  onContent(bytes: Buffer, start: number, end: number): void;
}

/** Judges a chunked body and takes it apart, for protocols that frame bodies themselves. Reused body after body. */
export class Dechunker {
  readonly #reader: ChunkReader;
  /** Trailer lines so far, latin1, each with CR LF. At most 8 KiB: the chunk reader's own limit. */
  #lines = "";

  /** `from`: whose body it is. */
  constructor(from: TrailerSender) {
    this.#reader = new ChunkReader(from);
  }

  /** The body and its trailers are complete. */
  get done(): boolean {
    return this.#reader.done;
  }

  /** Trailers so far, names in lower case. */
  get trailers(): readonly HeaderField[] {
    return this.#lines === "" ? noTrailers : readTrailerLines(this.#lines);
  }

  /** Makes ready for another body. */
  reset(): void {
    this.#lines = "";
    this.#reader.reset();
  }

  /** Hands on the content of `bytes[start, end)`. Returns the offset behind what belongs to the body, or the code of a fault. */
  push(bytes: Buffer, start: number, end: number, sink: ContentSink): number {
    const reader = this.#reader;
    let at = start;
    while (at < end && !reader.done) {
      at = nextContent(reader, bytes, at, end);
      if (at < 0) return at;
      if (reader.trailerEnd > reader.trailerStart) {
        this.#lines += bytes.latin1Slice(reader.trailerStart, reader.trailerEnd);
      }
      if (reader.contentEnd > reader.contentStart) sink.onContent(bytes, reader.contentStart, reader.contentEnd);
    }
    return at;
  }
}

/** Lines of trailers that have been judged, each with CR LF, as fields. */
function readTrailerLines(lines: string): readonly HeaderField[] {
  const fields: HeaderField[] = [];
  for (const line of lines.split("\r\n")) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    fields.push({ name: line.slice(0, colon).toLowerCase(), value: line.slice(colon + 1).trim() });
  }
  return fields;
}
