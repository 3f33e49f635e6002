import { ChunkReader, nextContent } from "../../wire/http1/chunked.ts";

/** Receives the content of a chunked body. `last`: nothing follows, no trailers either. */
export type ContentSink = (bytes: Buffer, start: number, end: number, last: boolean) => void;

/** Takes an upstream's chunked body apart, for protocols that frame bodies themselves. The body has been judged already. */
export class Dechunker {
  /** Trailer lines so far, latin1, each with CR LF. At most 8 KiB: the chunk reader's own limit. */
  trailers = "";
  readonly #reader = new ChunkReader("backend");

  reset(): void {
    this.trailers = "";
    this.#reader.reset();
  }

  /** Passes the content of `bytes[start, end)` on; the end of the body goes with its last bytes when it came with them. */
  push(bytes: Buffer, start: number, end: number, sink: ContentSink): void {
    const reader = this.#reader;
    let at = start;
    let heldStart = 0;
    let heldEnd = 0;
    while (at < end && !reader.done) {
      at = nextContent(reader, bytes, at, end);
      if (at < 0) return;
      if (reader.trailerEnd > reader.trailerStart) {
        this.trailers += bytes.latin1Slice(reader.trailerStart, reader.trailerEnd);
      }
      if (reader.contentEnd === reader.contentStart) continue;
      if (heldEnd > heldStart) sink(bytes, heldStart, heldEnd, false);
      heldStart = reader.contentStart;
      heldEnd = reader.contentEnd;
    }
    if (heldEnd > heldStart) sink(bytes, heldStart, heldEnd, reader.done && this.trailers === "");
  }
}
