import { faults } from "../../wire/http1/fault.ts";
import { errorCode } from "../../wire/http2/frame.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import { readRequest } from "../../wire/http2/message.ts";
import type { SessionEvents } from "../../wire/http2/session.ts";
import type { Http2Stream } from "../../wire/http2/stream.ts";
import { unreadRequest } from "../refusal.ts";
import { refusalOf } from "./admit.ts";
import type { Http2Connection } from "./http2-connection.ts";
import { Http2Responder } from "./http2-responder.ts";

/** Responders that a connection keeps which has had no request for a while. */
const restingSpares = 2;

/** What a session reports, taken to the stream that it is about. */
export class Http2Streams implements SessionEvents<Http2Responder> {
  readonly #connection: Http2Connection;
  /** Responders between two streams: at most as many as were busy at a time since the connection last had a rest. */
  readonly #spare: Http2Responder[] = [];

  constructor(connection: Http2Connection) {
    this.#connection = connection;
  }

  /** Takes a responder back. */
  release(responder: Http2Responder): void {
    this.#spare.push(responder);
  }

  /** No stream was open for a while: lets go of what a burst has left. */
  onRest(): void {
    if (this.#spare.length > restingSpares) this.#spare.length = restingSpares;
  }

  onHeaders(stream: Http2Stream<Http2Responder>, block: readonly HeaderField[], endStream: boolean): void {
    const connection = this.#connection;
    const request = readRequest(block);
    if ("malformed" in request) {
      connection.onRefused("DPE", 0, unreadRequest);
      connection.session.reset(stream, errorCode.protocolError, "peer");
      return;
    }
    const responder = this.#take(stream);
    connection.onRequest();
    responder.begin(stream, request, endStream);
  }

  onHeadersTooLarge(stream: Http2Stream<Http2Responder>, endStream: boolean): void {
    const responder = this.#take(stream);
    responder.beginUnread(stream, endStream);
    responder.refuse(refusalOf(faults.headTooLarge.code, unreadRequest));
  }

  #take(stream: Http2Stream<Http2Responder>): Http2Responder {
    const responder = this.#spare.pop() ?? new Http2Responder(this.#connection);
    stream.owner = responder;
    return responder;
  }

  onTrailers(stream: Http2Stream<Http2Responder>, block: readonly HeaderField[]): void {
    stream.owner?.onTrailers(block);
  }

  onData(stream: Http2Stream<Http2Responder>, bytes: Buffer, start: number, end: number): void {
    if (stream.owner === undefined) this.#connection.session.discard(end - start);
    else stream.owner.onData(bytes, start, end);
  }

  onEnd(stream: Http2Stream<Http2Responder>): void {
    stream.owner?.onEnd();
  }

  onReset(stream: Http2Stream<Http2Responder>): void {
    stream.owner?.onGone();
  }

  onWritable(stream: Http2Stream<Http2Responder>): void {
    stream.owner?.onWritable();
  }

  onEnding(): void {
    this.#connection.endWhenQuiet();
  }

  onGoaway(): void {
    this.#connection.onPeerEnding();
  }

  onConnectionError(): void {
    this.#connection.onProtocolError();
  }

  onDirty(): void {
    this.#connection.flushLater();
  }

  onOutput(buffer: Buffer, start: number, end: number): boolean {
    return this.#connection.write(buffer, start, end);
  }
}
