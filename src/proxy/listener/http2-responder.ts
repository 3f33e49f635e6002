import { isGrpcContentType } from "../../wire/grpc-content-type.ts";
import type { AnswerHead } from "../../wire/head/answer-head.ts";
import { noTrailers } from "../../wire/head/no-trailers.ts";
import { errorCode } from "../../wire/http2/frame.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import type { RequestMessage } from "../../wire/http2/message.ts";
import type { Http2Stream } from "../../wire/http2/stream.ts";
import type { Deadlined } from "../deadlines.ts";
import { proxyErrors } from "../error.ts";
import { Exchange } from "../exchange.ts";
import { type RefusedRequest, unreadRequest } from "../refusal.ts";
import type { OwnResponse, RelayedResponse, Responder } from "../responder.ts";
import type { Refused } from "./admit.ts";
import { Http2AnswerSender } from "./http2-answer-sender.ts";
import type { Http2Connection } from "./http2-connection.ts";
import { Http2RequestReader } from "./http2-request-reader.ts";
import {
  grpcRefusalFields,
  interimFields,
  ownFields,
  refusalFields,
  responseFields,
  tunnelFields,
} from "./http2-response-fields.ts";
import type { Http2Tunnel } from "./http2-tunnel.ts";

const noBytes = Buffer.alloc(0);

/** One stream of an HTTP/2 connection: its request to the exchange, and the exchange's answer to it. Reused stream after stream. */
export class Http2Responder implements Responder, Deadlined {
  readonly protocol = "HTTP/2";
  readonly takesChunks = false;
  readonly exchange: Exchange;
  deadlineMs = Number.POSITIVE_INFINITY;
  /** Told to settle at the end of the read under way. */
  touched = false;
  /** The request is of a gRPC client. */
  grpc = false;
  /** `undefined`: the request is none for a tunnel. */
  tunnel: Http2Tunnel | undefined;
  /** The head of the answer has gone out. */
  answered = false;
  /** The answer is complete and the request is not: the client has its time to read the one and to stop the other. */
  #lingers = false;
  readonly #connection: Http2Connection;
  readonly #request: Http2RequestReader;
  readonly #sender: Http2AnswerSender;
  #stream: Http2Stream<Http2Responder> | undefined;
  #timed = false;
  #method = "";
  /** As it came, in case that it is refused. */
  #message: RequestMessage | undefined;

  constructor(connection: Http2Connection) {
    this.#connection = connection;
    this.#sender = new Http2AnswerSender(connection.session);
    this.exchange = new Exchange(connection.context, this, connection.peer);
    this.#request = new Http2RequestReader(connection, this);
  }

  /** Bytes that wait on this stream, in either direction. */
  get queuedBytes(): number {
    return this.#sender.pendingBytes + this.exchange.heldBytes;
  }

  get congested(): boolean {
    return this.#sender.pendingBytes > 0 || this.#connection.congested;
  }

  /** Bytes pass both ways. */
  get #isOpen(): boolean {
    return this.tunnel?.state === "open";
  }

  /** Serves a request. */
  begin(stream: Http2Stream<Http2Responder>, message: RequestMessage, endStream: boolean): void {
    this.#stream = stream;
    this.#sender.begin(stream);
    this.#method = message.method;
    this.#message = message;
    this.grpc = isGrpcContentType(message.fields.find(({ name }) => name === "content-type")?.value);
    this.#request.begin(stream, message, endStream);
  }

  /** Serves a stream of which no request can be read: it is for `refuse` alone. */
  beginUnread(stream: Http2Stream<Http2Responder>, endStream: boolean): void {
    this.#stream = stream;
    this.#sender.begin(stream);
    this.#method = "";
    this.#message = undefined;
    this.grpc = false;
    this.#request.beginUnread(stream, endStream);
  }

  // What the client sends.

  onData(bytes: Buffer, start: number, end: number): void {
    this.#request.onData(bytes, start, end);
  }

  onEnd(): void {
    this.#request.onTrailers(noTrailers);
  }

  onTrailers(block: readonly HeaderField[]): void {
    this.#request.onTrailers(block);
  }

  /** Everything of one read has been handed over. */
  settle(): void {
    this.touched = false;
    if (!this.exchange.over) this.exchange.onRequestPause();
    this.#request.consume();
    if (this.#lingers && this.#stream?.closed === true) this.#release();
  }

  /** The stream is gone: the client broke it off, or the connection ended. */
  onGone(): void {
    this.#sender.clear();
    this.exchange.onDownstreamClose();
    this.#release();
  }

  // What the exchange answers.

  respond(response: RelayedResponse): void {
    if (this.tunnel?.state === "asked") {
      this.tunnel.refuse();
      const { status } = response.head;
      // A 2xx would tell the client that the tunnel is open. RFC 8441 section 5.
      if (status < 300) {
        this.#refuseGarbage();
        this.exchange.fail("upstreamGarbage");
        return;
      }
    }
    this.#sender.expect(response);
    this.#sendHead(responseFields(response), this.#sender.ended);
  }

  respondInformational(head: AnswerHead): void {
    if (this.#stream !== undefined) this.#connection.session.sendHeaders(this.#stream, interimFields(head), false);
  }

  respondUpgrade(response: RelayedResponse): void {
    const tunnel = this.tunnel;
    if (tunnel?.isAgreed(response) !== true) {
      tunnel?.refuse();
      this.#refuseGarbage();
      this.exchange.fail("upstreamGarbage");
      return;
    }
    const early = tunnel.open();
    this.wait(this.exchange.tunnelIdleMs);
    this.#sendHead(tunnelFields(response), false);
    for (const bytes of early) this.exchange.onTunnelData(bytes, 0, bytes.length);
    if (this.#request.ended) this.exchange.onTunnelHalfClose();
    this.exchange.onRequestPause();
    this.#request.consume();
  }

  respondOwn({ status, edits, body }: OwnResponse): void {
    const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : body;
    this.#sendOwn(ownFields(status, edits, bytes.length), bytes);
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    this.exchange.bytesOut += end - start;
    if (this.#isOpen) this.wait(this.exchange.tunnelIdleMs);
    const waiting = this.#sender.pendingBytes;
    this.#sender.send(bytes, start, end);
    this.#waitForWindow(waiting);
  }

  sendTrailers(trailers: readonly HeaderField[]): void {
    this.#sender.expectTrailers(trailers);
  }

  sendEnd(): void {
    this.#sender.end();
  }

  flush(): void {
    // The connection writes at the end of the turn.
  }

  abort(): void {
    this.#sender.clear();
    const code = this.#isOpen ? errorCode.connectError : errorCode.internalError;
    this.#reset(this.#sender.ended ? errorCode.noError : code);
  }

  halfClose(): void {
    this.#sender.end();
    if (this.#request.ended) this.exchange.onDownstreamClose();
  }

  pauseRequest(): void {
    this.#request.pause();
  }

  resumeRequest(): void {
    this.#request.resume();
  }

  onExchangeOver(): void {
    if (this.#sender.pendingBytes === 0) this.#finish();
  }

  // Windows and time.

  /** There is window again. */
  onWritable(): void {
    if (this.#stream === undefined || this.#sender.pendingBytes === 0) return;
    const { limits } = this.#connection.context;
    this.#sender.drain();
    if (this.#sender.pendingBytes > 0) {
      this.wait(limits.writeStallMs);
      return;
    }
    if (this.#isOpen) this.wait(this.exchange.tunnelIdleMs);
    else this.stopWaiting();
    if (this.exchange.over) this.#finish();
    else this.onDrain();
  }

  /** The connection's transport takes bytes again, or the stream's window does. */
  onDrain(): void {
    if (!this.congested) this.exchange.onDownstreamDrain();
  }

  onDeadline(): void {
    if (this.#lingers) {
      this.#release();
      return;
    }
    if (this.#sender.pendingBytes > 0 || this.#isOpen) {
      this.#sender.clear();
      this.#reset(errorCode.cancel);
      this.exchange.onDownstreamClose();
      this.#release();
      return;
    }
    this.exchange.fail("requestStalled");
  }

  #sendHead(fields: readonly HeaderField[], endStream: boolean): void {
    this.answered = true;
    // From here on a client may take its time: streams of both directions are idle for hours.
    if (this.tunnel === undefined) this.stopWaiting();
    this.exchange.bytesOut += this.#sender.sendHead(fields, endStream);
  }

  #sendOwn(fields: readonly HeaderField[], body: Buffer): void {
    const bodiless = this.#method === "HEAD" || body.length === 0;
    this.#sender.expectWhole();
    this.#sendHead(fields, bodiless);
    if (bodiless) return;
    this.exchange.bytesOut += body.length;
    const waiting = this.#sender.pendingBytes;
    this.#sender.sendWhole(body);
    this.#waitForWindow(waiting);
  }

  /** The client has its time to make room, from when there was none; `waitingBytes`: what waited before. */
  #waitForWindow(waitingBytes: number): void {
    if (waitingBytes === 0 && this.#sender.pendingBytes > 0) this.wait(this.#connection.context.limits.writeStallMs);
  }

  /** Answers a request that did not get as far as an exchange, or whose exchange cannot answer. */
  refuse({ status, flag, message, request }: Refused): void {
    if (this.exchange.over) this.#connection.onRefused(flag, status, request);
    const body = this.grpc ? noBytes : Buffer.from(`${message}\n`, "utf8");
    if (this.grpc) this.#sendOwn(grpcRefusalFields(status, message), body);
    else this.#sendOwn(refusalFields(status, body.length), body);
    if (this.exchange.over && this.#sender.pendingBytes === 0) this.#finish();
  }

  /** The backend's answer to the handshake of a tunnel cannot be passed on; the exchange goes on to log that. */
  #refuseGarbage(): void {
    const { status, flag, message } = proxyErrors.upstreamGarbage;
    this.refuse({ kind: "refused", status, flag, message, request: this.asked });
  }

  /** What is known of a request that is refused. */
  get asked(): RefusedRequest {
    const message = this.#message;
    if (message === undefined) return unreadRequest;
    // The query is nobody's business who reads the log.
    return { method: message.method, hostname: message.authority, path: message.path.split("?", 1)[0]! };
  }

  /** The request's frames contradict its head: nothing of it may look complete to a backend. */
  malformed(reason: string): void {
    this.#sender.clear();
    if (this.#stream !== undefined) this.#connection.session.reset(this.#stream, errorCode.protocolError, "peer");
    if (this.exchange.over) this.#connection.onRefused("DPE", 0, this.asked);
    else this.exchange.failWith(400, "DPE", reason);
    this.#release();
  }

  #reset(code: number): void {
    if (this.#stream !== undefined) this.#connection.session.reset(this.#stream, code);
  }

  /** What is going on now may take that long. */
  wait(durationMs: number): void {
    this.waitUntil(this.#connection.context.deadlines.after(durationMs));
  }

  /** The same, until a time on the clock of `Deadlines`. */
  waitUntil(deadlineMs: number): void {
    if (!this.#timed) {
      this.#timed = true;
      this.#connection.context.deadlines.add(this);
    }
    this.deadlineMs = deadlineMs;
  }

  /** What is going on now may take any time. */
  stopWaiting(): void {
    this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  /**
   * The answer has gone out. A client that is in the middle of its request is told to stop it, but not in the same breath: some
   * take a reset that they read along with an answer for the failure of both. RFC 9113 section 8.1.
   */
  #finish(): void {
    const stream = this.#stream;
    if (stream === undefined || stream.closed || stream.local === "open" || this.#isOpen) {
      this.#release();
      return;
    }
    this.#lingers = true;
    this.wait(this.#connection.context.limits.earlyAnswerMs);
  }

  /** Nothing more happens on this stream: makes ready for another one. */
  #release(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    const connection = this.#connection;
    this.#stream = undefined;
    stream.owner = undefined;
    this.#request.release();
    // The answer is complete and the request is not: the client may stop. RFC 9113 section 8.1.
    if (!stream.closed) connection.session.reset(stream, errorCode.noError);
    this.#lingers = false;
    if (this.#timed) {
      this.#timed = false;
      connection.context.deadlines.delete(this);
    }
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#sender.release();
    this.tunnel = undefined;
    this.answered = false;
    connection.onStreamOver(this);
  }
}
