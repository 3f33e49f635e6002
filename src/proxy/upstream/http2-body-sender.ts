import { noTrailers } from "../../wire/head/no-trailers.ts";
import type { BodyFraming } from "../../wire/head/received-request.ts";
import { type ContentSink, Dechunker } from "../../wire/http1/dechunker.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import type { Http2Stream } from "../../wire/http2/stream.ts";
import { ReplayBuffer } from "../replay-buffer.ts";

/** Those that no sender uses at the moment. */
const spareDechunkers: Dechunker[] = [];
const maxSpareDechunkers = 256;

/**
 * A request's body on its way into a stream: it comes in the request's framing and leaves as DATA, behind it the end of the stream or
 * trailers that end it. What the windows do not let through waits here.
 */
export class Http2BodySender implements ContentSink {
  /** Nothing more comes of the request; its end may still wait behind what is pending. */
  ended = false;
  readonly #pending = new ReplayBuffer();
  #stream: Http2Stream<unknown> | undefined;
  #framing: BodyFraming = "none";
  #dechunker: Dechunker | undefined;
  #left = 0;
  #trailers: readonly HeaderField[] = noTrailers;

  get pendingBytes(): number {
    return this.#pending.length;
  }

  /** `contentLength` counts for a body with a length. */
  begin(stream: Http2Stream<unknown>, framing: BodyFraming, contentLength: number): void {
    this.#stream = stream;
    this.#framing = framing;
    this.#left = contentLength;
    if (framing !== "chunked") return;
    this.#dechunker = spareDechunkers.pop() ?? new Dechunker("client");
    this.#dechunker.reset();
  }

  send(bytes: Buffer, start: number, end: number): void {
    const dechunker = this.#dechunker;
    if (dechunker !== undefined) {
      // The client's side has judged these bytes: no fault can come.
      dechunker.push(bytes, start, end, this);
      if (dechunker.done) this.#trailers = dechunker.trailers;
      return;
    }
    this.#left -= end - start;
    this.ended ||= this.#framing === "length" && this.#left === 0;
    this.#send(bytes, start, end);
  }

  /** The request is complete. `trailers`: of a body that comes without framing. */
  end(trailers: readonly HeaderField[]): void {
    if (this.ended) return;
    this.ended = true;
    if (trailers.length > 0) this.#trailers = trailers;
    if (this.#pending.length === 0) this.#endStream();
  }

  /** There is window again; sends what it lets through. */
  resume(): void {
    const stream = this.#stream!;
    const pending = this.#pending;
    const last = this.ended && this.#trailers.length === 0;
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
    const dechunker = this.#dechunker;
    this.#dechunker = undefined;
    if (dechunker !== undefined && spareDechunkers.length < maxSpareDechunkers) spareDechunkers.push(dechunker);
  }

  onContent(bytes: Buffer, start: number, end: number): void {
    this.#send(bytes, start, end);
  }

  #send(bytes: Buffer, start: number, end: number): void {
    const stream = this.#stream!;
    let at = start;
    if (this.#pending.length === 0) at = stream.session.sendData(stream, bytes, start, end, this.ended);
    if (at < end) this.#pending.append(bytes, at, end);
  }

  #endStream(): void {
    const stream = this.#stream!;
    if (this.#trailers.length === 0) stream.session.sendEnd(stream);
    else stream.session.sendHeaders(stream, this.#trailers, true);
  }
}
