import { ChunkReader, nextContent } from "../../wire/http1/chunked.ts";
import type { Http2Stream } from "../../wire/http2/stream.ts";
import { ReplayBuffer } from "../replay-buffer.ts";
import type { BodyFraming } from "./exchange.ts";
import { translateTrailers } from "./http2-request.ts";

/** Readers that no sender uses at the moment. */
const spareReaders: ChunkReader[] = [];
const maxSpareReaders = 256;

/**
 * A request's body on its way into a stream: it comes in HTTP/1.1 framing and leaves as DATA, with the end of the stream on its
 * last frame or on its trailers. What the windows do not let through waits here.
 */
export class Http2BodySender {
  /** Nothing more comes of the request; its end may still wait behind what is pending. */
  ended = false;
  readonly #pending = new ReplayBuffer();
  #stream: Http2Stream<unknown> | undefined;
  #framing: BodyFraming = "none";
  #chunks: ChunkReader | undefined;
  #left = 0;
  #trailerLines = "";

  get pendingBytes(): number {
    return this.#pending.length;
  }

  /** `contentLength` counts for a body with a length. */
  begin(stream: Http2Stream<unknown>, framing: BodyFraming, contentLength: number): void {
    this.#stream = stream;
    this.#framing = framing;
    this.#left = contentLength;
    if (framing !== "chunked") return;
    this.#chunks = spareReaders.pop() ?? new ChunkReader("client");
    this.#chunks.reset();
  }

  send(bytes: Buffer, start: number, end: number): void {
    if (this.#chunks !== undefined) {
      this.#sendContent(this.#chunks, bytes, start, end);
      return;
    }
    this.#left -= end - start;
    this.ended ||= this.#framing === "length" && this.#left === 0;
    this.#send(bytes, start, end);
  }

  /** The request is complete. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.#pending.length === 0) this.#endStream();
  }

  /** There is window again; sends what it lets through. */
  resume(): void {
    const stream = this.#stream!;
    const pending = this.#pending;
    const last = this.ended && this.#trailerLines === "";
    const sent = stream.session.sendData(stream, pending.bytes, 0, pending.length, last);
    if (sent < pending.length) {
      pending.bytes.copyWithin(0, sent, pending.length);
      pending.length -= sent;
      return;
    }
    pending.clear();
    if (this.ended) this.#endStream();
  }

  /** Lets go of everything. */
  release(): void {
    this.#pending.clear();
    if (this.#chunks !== undefined && spareReaders.length < maxSpareReaders) spareReaders.push(this.#chunks);
    this.#chunks = undefined;
  }

  /** The content of chunks; the last of it goes with the end of the stream when that is there already. */
  #sendContent(chunks: ChunkReader, bytes: Buffer, start: number, end: number): void {
    let at = start;
    let heldStart = 0;
    let heldEnd = 0;
    while (at < end && !chunks.done) {
      // The client's side has judged these bytes: no fault can come.
      at = nextContent(chunks, bytes, at, end);
      if (chunks.trailerEnd > chunks.trailerStart) {
        this.#trailerLines += bytes.latin1Slice(chunks.trailerStart, chunks.trailerEnd);
      }
      if (chunks.contentEnd === chunks.contentStart) continue;
      if (heldEnd > heldStart) this.#send(bytes, heldStart, heldEnd);
      heldStart = chunks.contentStart;
      heldEnd = chunks.contentEnd;
    }
    if (heldEnd === heldStart) return;
    this.ended ||= chunks.done && this.#trailerLines === "";
    this.#send(bytes, heldStart, heldEnd);
  }

  #send(bytes: Buffer, start: number, end: number): void {
    const stream = this.#stream!;
    let at = start;
    if (this.#pending.length === 0) at = stream.session.sendData(stream, bytes, start, end, this.ended);
    if (at < end) this.#pending.append(bytes, at, end);
  }

  #endStream(): void {
    const stream = this.#stream!;
    if (this.#trailerLines === "") stream.session.sendEnd(stream);
    else stream.session.sendHeaders(stream, translateTrailers(this.#trailerLines), true);
  }
}
