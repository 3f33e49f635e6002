import { noTrailers } from "../../wire/head/no-trailers.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import type { Http2Session } from "../../wire/http2/session.ts";
import type { Http2Stream } from "../../wire/http2/stream.ts";
import type { RelayedResponse } from "../responder.ts";
import { Http2OutputQueue } from "./http2-output-queue.ts";
import type { Http2Responder } from "./http2-responder.ts";

/** An answer on its way into a stream. What the windows do not let through waits here, and its end or trailers behind it. */
export class Http2AnswerSender {
  /** The end of the answer was sent or waits in the queue. */
  ended = false;
  readonly #session: Http2Session<Http2Responder>;
  readonly #queue = new Http2OutputQueue();
  /** `undefined`: nobody reads an answer. */
  #stream: Http2Stream<Http2Responder> | undefined;
  #trailers: readonly HeaderField[] = noTrailers;
  /** What Content-Length leaves of the answer; -1: not known. */
  #left = -1;

  constructor(session: Http2Session<Http2Responder>) {
    this.#session = session;
  }

  get pendingBytes(): number {
    return this.#queue.bytes;
  }

  /** Makes ready for the answer on another stream. */
  begin(stream: Http2Stream<Http2Responder>): void {
    this.#stream = stream;
  }

  /** Takes from the head of a backend's answer how its body is delimited. */
  expect({ head, body }: RelayedResponse): void {
    this.#trailers = noTrailers;
    this.#left = body === "length" ? head.contentLength : -1;
    this.ended = body === "none";
  }

  /** Nothing comes behind the head but, in one piece, what `sendWhole` gets. */
  expectWhole(): void {
    this.ended = true;
    this.#trailers = noTrailers;
  }

  /** Sends a head; returns its size in bytes as it is sent. */
  sendHead(fields: readonly HeaderField[], endStream: boolean): number {
    return this.#stream === undefined ? 0 : this.#session.sendHeaders(this.#stream, fields, endStream);
  }

  /** Sends part of the body. */
  send(bytes: Buffer, start: number, end: number): void {
    if (this.#left < 0) this.#send(bytes, start, end, false);
    else {
      this.#left -= end - start;
      this.#send(bytes, start, end, this.#left === 0);
    }
  }

  /** Takes what ends the answer in place of a bare end. */
  expectTrailers(trailers: readonly HeaderField[]): void {
    if (!this.ended) this.#trailers = trailers;
  }

  /** Sends a whole body. */
  sendWhole(body: Buffer): void {
    this.#send(body, 0, body.length, true);
  }

  /** The answer is complete. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.#queue.bytes === 0) this.#finish();
  }

  /** There is window again: sends what it lets through. */
  drain(): void {
    const stream = this.#stream!;
    const session = this.#session;
    const endWithData = this.ended && this.#trailers.length === 0;
    this.#queue.drain((bytes, start, end, last) => session.sendData(stream, bytes, start, end, last && endWithData));
    if (this.#queue.bytes === 0 && this.ended && !endWithData) this.#finish();
  }

  /** Throws away what waits. */
  clear(): void {
    this.#queue.clear();
  }

  /** Lets go of the stream. */
  release(): void {
    this.#stream = undefined;
    this.#queue.clear();
    this.#trailers = noTrailers;
    this.ended = false;
    this.#left = -1;
  }

  /** Sends content; what the window does not take waits. `last`: the answer ends with it. */
  #send(bytes: Buffer, start: number, end: number, last: boolean): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    if (last) this.ended = true;
    const reached = this.#queue.bytes > 0 ? start : this.#session.sendData(stream, bytes, start, end, last);
    if (reached < end) this.#queue.push(bytes, reached, end);
  }

  /** Sends the end of the answer, behind all content. */
  #finish(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    if (this.#trailers.length > 0) this.#session.sendHeaders(stream, this.#trailers, true);
    else this.#session.sendEnd(stream);
  }
}
