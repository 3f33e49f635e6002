import type { AnswerBody } from "../../wire/head/answer-head.ts";
import { Http1AnswerHead } from "../../wire/head/http1-answer-head.ts";
import { ChunkReader, scanChunks } from "../../wire/http1/chunked.ts";
import { type ContentSink, Dechunker } from "../../wire/http1/dechunker.ts";
import { keepAliveMs } from "../../wire/http1/keep-alive-hint.ts";
import { ResponseField } from "../../wire/http1/known-field.ts";
import { parseResponseHead, ResponseHead } from "../../wire/http1/response-head.ts";
import type { UpstreamConnection } from "./connection.ts";
import type { OutgoingRequest, UpstreamEvents } from "./exchange.ts";

/** Interim answers that one request may get: more is an endpoint gone mad. */
export const maxInterim = 16;

/** Parses whole heads of all connections of a thread; a connection whose head comes in pieces keeps it and leaves another. */
let sharedHead = new ResponseHead();

/** Reads the answers on one HTTP/1.1 connection to an endpoint, one after the other. */
export class AnswerReader implements ContentSink {
  /** Something of the answer has come. */
  begun = false;
  /** The connection ends with the answer. */
  closes = false;
  /** How long the endpoint keeps the connection without a request, by its last answer. */
  keepAliveMs = Number.POSITIVE_INFINITY;
  readonly #connection: UpstreamConnection;
  #method = "";
  #upgrade = false;
  #interim = 0;
  #body: AnswerBody = "none";
  #left = 0;
  #chunks: ChunkReader | undefined;
  #dechunker: Dechunker | undefined;
  /** Who takes the content of the chunks that are being read. */
  #taker: UpstreamEvents | undefined;
  /** Of a head in part. */
  #partial: Buffer | undefined;
  #partialHead: ResponseHead | undefined;

  constructor(connection: UpstreamConnection) {
    this.#connection = connection;
  }

  /** Bytes of a head in part. */
  get heldBytes(): number {
    return this.#partial?.length ?? 0;
  }

  /** The body ends where the connection does. */
  get untilClose(): boolean {
    return this.#body === "untilClose";
  }

  /** Makes ready for another answer. */
  begin(): void {
    this.begun = false;
    this.#interim = 0;
  }

  /** Takes what the answer depends on. */
  expect(request: OutgoingRequest): void {
    this.#method = request.method;
    this.#upgrade = request.upgrade;
  }

  /** Takes what the endpoint sent, for whoever waits for its answer. */
  take(events: UpstreamEvents, bytes: Buffer, start: number, end: number): void {
    const connection = this.#connection;
    let at = start;
    let limit = end;
    let source = bytes;
    this.begun = true;
    if (connection.state === "head") {
      if (this.#partial !== undefined) {
        source = Buffer.concat([this.#partial, bytes.subarray(start, end)]);
        this.#partial = undefined;
        at = 0;
        limit = source.length;
      }
      at = this.#readHeads(events, source, at, limit);
      if (connection.events !== events) return;
    }
    if (at < limit) {
      if (connection.state === "body") this.#readBody(events, source, at, limit);
      else if (connection.state === "tunnel") events.onResponseBody(source, at, limit);
      if (connection.events !== events) return;
    }
    events.onResponsePause();
  }

  /** Reads heads up to the final one. Returns where the body begins; `end` when more is needed. */
  #readHeads(events: UpstreamEvents, bytes: Buffer, start: number, end: number): number {
    const connection = this.#connection;
    let at = start;
    while (at < end) {
      const head = this.#partialHead ?? sharedHead;
      const next = parseResponseHead(bytes, at, end, head, connection.context.responseLimits);
      if (next < 0) {
        head.reset();
        connection.fail("upstreamGarbage");
        return end;
      }
      if (next === 0) {
        this.#partial = Buffer.from(bytes.subarray(at, end));
        if (this.#partialHead === undefined) {
          this.#partialHead = head;
          sharedHead = new ResponseHead();
        }
        return end;
      }
      this.#partialHead = undefined;
      at = next;
      if (head.status >= 200) {
        if (!connection.headSent) connection.fail("upstreamGarbage");
        else this.#beginBody(events, bytes, head, at, end);
        return at;
      }
      if (head.status === 101) {
        if (!this.#upgrade) {
          connection.fail("upstreamGarbage");
          return end;
        }
        connection.becomeTunnel();
        events.onUpgraded(new Http1AnswerHead(bytes, head));
        return at;
      }
      if (++this.#interim > maxInterim) {
        connection.fail("upstreamGarbage");
        return end;
      }
      // The client's 100 is our affair: it has had one, or did not wait for one.
      if (head.status !== 100) events.onInformational(new Http1AnswerHead(bytes, head));
    }
    return at;
  }

  #beginBody(events: UpstreamEvents, bytes: Buffer, head: ResponseHead, at: number, end: number): void {
    const connection = this.#connection;
    this.#body = head.body(this.#method);
    this.closes = head.close || this.untilClose || this.#upgrade || head.mayBeFollowed(this.#method);
    this.keepAliveMs = keepAliveMs(head.value(bytes, ResponseField.keepAlive));
    this.#left = head.contentLength;
    connection.state = "body";
    events.onResponseHead(new Http1AnswerHead(bytes, head));
    if (connection.events !== events) return;
    if (this.#body === "chunked") this.#beginChunks(events);
    if (this.#body !== "none") return;
    // Bytes after an answer without a body belong to nothing.
    if (at < end) this.closes = true;
    connection.complete(events);
  }

  /** A body in chunks begins: it is passed on as it is, or its content is, whichever is taken. */
  #beginChunks(events: UpstreamEvents): void {
    if (events.takesChunks) {
      this.#chunks ??= new ChunkReader("backend");
      this.#chunks.reset();
    } else {
      this.#body = "content";
      this.#dechunker ??= new Dechunker("backend");
      this.#dechunker.reset();
    }
  }

  onContent(bytes: Buffer, start: number, end: number): void {
    // Whoever took the first of it may have given up meanwhile.
    if (this.#connection.events === this.#taker) this.#taker?.onResponseBody(bytes, start, end);
  }

  #readBody(events: UpstreamEvents, bytes: Buffer, start: number, end: number): void {
    const connection = this.#connection;
    let until = end;
    let complete = false;
    if (this.#body === "length") {
      until = Math.min(end, start + this.#left);
      this.#left -= until - start;
      complete = this.#left === 0;
    } else if (this.#body === "chunked") {
      until = scanChunks(this.#chunks!, bytes, start, end);
      if (until < 0) {
        connection.fail("upstreamGarbage");
        return;
      }
      complete = this.#chunks!.done;
    } else if (this.#body === "content") {
      this.#readContent(events, bytes, start, end);
      return;
    }
    events.onResponseBody(bytes, start, until);
    if (!complete || connection.events !== events) return;
    if (until < end) this.closes = true;
    connection.complete(events);
  }

  /** Reads chunks for somebody who does not take them as they are. */
  #readContent(events: UpstreamEvents, bytes: Buffer, start: number, end: number): void {
    const connection = this.#connection;
    const dechunker = this.#dechunker!;
    this.#taker = events;
    const until = dechunker.push(bytes, start, end, this);
    this.#taker = undefined;
    if (connection.events !== events) return;
    if (until < 0) {
      connection.fail("upstreamGarbage");
      return;
    }
    if (!dechunker.done) return;
    const { trailers } = dechunker;
    if (trailers.length > 0) events.onResponseTrailers(trailers);
    if (connection.events !== events) return;
    if (until < end) this.closes = true;
    connection.complete(events);
  }
}
