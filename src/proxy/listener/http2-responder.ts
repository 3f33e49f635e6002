import { createHash, randomBytes } from "node:crypto";
import { isGrpcContentType } from "../../wire/grpc-content-type.ts";
import { faultOf } from "../../wire/http1/fault.ts";
import { parseRequestHead, RequestHead } from "../../wire/http1/request-head.ts";
import type { ResponseHead } from "../../wire/http1/response-head.ts";
import { errorCode } from "../../wire/http2/frame.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import type { RequestMessage } from "../../wire/http2/message.ts";
import type { Http2Stream } from "../../wire/http2/stream.ts";
import type { Deadlined } from "../deadlines.ts";
import { proxyErrors } from "../error.ts";
import { Exchange } from "../exchange.ts";
import type { OwnResponse, RelayedResponse, Responder } from "../responder.ts";
import { Dechunker } from "./dechunker.ts";
import type { Http2Connection } from "./http2-connection.ts";
import { Http2OutputQueue } from "./http2-output-queue.ts";
import { Http2RequestBody } from "./http2-request-body.ts";
import { giveHeadAway, type WrittenHead, writeRequestHead, writeUpgradeHead } from "./http2-request-head.ts";
import {
  grpcRefusalFields,
  interimFields,
  ownFields,
  refusalFields,
  responseFields,
  statusField,
  trailerFields,
  tunnelFields,
} from "./http2-response-fields.ts";

/** Parses the heads of all streams of a thread: each is forwarded before the next is read. */
let sharedHead = new RequestHead();

/** RFC 6455 section 4.2.2. */
const webSocketGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const noBytes = Buffer.alloc(0);
const noTrailers: readonly HeaderField[] = [];

/**
 * `asked`: the client wants a tunnel and the backend has not answered. `open`: bytes pass both ways. `refused`: what the
 * client sent for a tunnel is thrown away.
 */
type Tunnel = "no" | "asked" | "open" | "refused";

/** One stream of an HTTP/2 connection: its request to the exchange, and the exchange's answer to it. Reused stream after stream. */
export class Http2Responder implements Responder, Deadlined {
  readonly protocol = "HTTP/2";
  readonly exchange: Exchange;
  deadlineMs = Number.POSITIVE_INFINITY;
  /** Told to settle at the end of the read under way. */
  touched = false;
  readonly #connection: Http2Connection;
  readonly #body = new Http2RequestBody();
  readonly #queue = new Http2OutputQueue();
  readonly #dechunker = new Dechunker();
  #stream: Http2Stream<Http2Responder> | undefined;
  #timed = false;
  /** How long the client may take for the next part of its request. */
  #stallMs = 0;
  #method = "";
  #grpc = false;
  /** Received and not given back to the client's window. */
  #unconsumed = 0;
  #paused = false;
  /** The client has sent all that it will. */
  #requestEnded = false;
  #tunnel: Tunnel = "no";
  #tunnelKey = "";
  /** What the client sent before the backend agreed to the tunnel: at most a window. */
  #early: Buffer[] = [];
  #answered = false;
  /** The end of the answer was sent or waits in the queue. */
  #ended = false;
  #dechunking = false;
  /** What Content-Length leaves of the answer; -1: not known. */
  #answerLeft = -1;
  readonly #sendContent = (bytes: Buffer, start: number, end: number, last: boolean): void =>
    this.#send(bytes, start, end, last);

  constructor(connection: Http2Connection) {
    this.#connection = connection;
    this.exchange = new Exchange(connection.context, this, connection.peer);
  }

  /** Bytes that wait on this stream, in either direction. */
  get queuedBytes(): number {
    return this.#queue.bytes + this.exchange.heldBytes;
  }

  get congested(): boolean {
    return this.#queue.bytes > 0 || this.#connection.congested;
  }

  /** Serves a request. */
  begin(stream: Http2Stream<Http2Responder>, message: RequestMessage, endStream: boolean): void {
    this.#stream = stream;
    this.#method = message.method;
    this.#grpc = isGrpcContentType(message.fields.find(({ name }) => name === "content-type")?.value);
    this.#requestEnded = endStream;
    const fault = this.#body.begin(message, endStream);
    if (fault !== undefined) {
      this.#malformed(fault.fault);
      return;
    }
    if (message.method !== "CONNECT") {
      this.#beginExchange(writeRequestHead(message, this.#body.framing));
      return;
    }
    if (message.protocol !== "websocket" || endStream) {
      // RFC 8441 and 9220 leave the answer to an unknown protocol open; 501 is what later RFCs settled on.
      const status = message.protocol === undefined ? 405 : endStream ? 400 : 501;
      this.#refuse(status, "DPE", "This server opens no such tunnel.");
      return;
    }
    this.#tunnel = "asked";
    this.#tunnelKey = randomBytes(16).toString("base64");
    this.#beginExchange(writeUpgradeHead(message, { key: this.#tunnelKey }));
  }

  #beginExchange({ bytes, end }: WrittenHead): void {
    const connection = this.#connection;
    const { context } = connection;
    const head = sharedHead;
    const next = parseRequestHead(bytes, 0, end, head, context.requestLimits);
    if (next !== end) {
      head.reset();
      const fault = faultOf(next);
      const limit = fault.status === 413 || fault.status === 414 || fault.status === 431;
      this.#refuse(fault.status, limit ? "DL" : "DPE", fault.reason);
      return;
    }
    const path = head.form === "asterisk" ? "*" : head.path(bytes);
    if (typeof path === "number") {
      this.#refuse(faultOf(path).status, "DPE", faultOf(path).reason);
      return;
    }
    if (head.contentLength > context.limits.requestBodyBytes) {
      this.#refuse(413, "DL", proxyErrors.bodyTooLarge.message);
      return;
    }
    const { model } = connection;
    connection.nameServer(head.host(bytes));
    const listener = connection.listenerIn(model);
    if (listener === "none") {
      this.#refuse(421, "MR", proxyErrors.misdirected.message);
      return;
    }
    // A gRPC stream may be silent for as long as a tunnel.
    this.#stallMs = this.#grpc ? context.limits.tunnelIdleMs : context.limits.requestStallMs;
    if (!this.#requestEnded && this.#tunnel === "no") this.#wait(this.#stallMs);
    try {
      this.exchange.begin(bytes, head, path, model, listener);
    } catch (error) {
      connection.onBug(error);
      this.exchange.fail("internal");
    }
    if (this.exchange.keepsHead) {
      sharedHead = new RequestHead();
      giveHeadAway();
    }
    connection.touch(this);
    if (head.expectContinue && !this.#requestEnded && !this.#answered && this.#stream !== undefined) {
      this.#connection.session.sendHeaders(this.#stream, [statusField(100)], false);
    }
  }

  // What the client sends.

  onData(bytes: Buffer, start: number, end: number): void {
    this.#unconsumed += end - start;
    this.#connection.touch(this);
    if (this.#tunnel !== "no") {
      this.#onTunnelData(bytes, start, end);
      return;
    }
    if (this.exchange.over) return;
    const fault = this.#body.data(this.exchange, bytes, start, end);
    if (fault !== undefined) {
      this.#malformed(fault.fault);
      return;
    }
    const { limits } = this.#connection.context;
    if (this.#body.received > limits.requestBodyBytes) this.exchange.fail("bodyTooLarge");
    else if (!this.#paused && !this.#answered) this.#wait(this.#stallMs);
  }

  onEnd(): void {
    this.onTrailers(noTrailers);
  }

  onTrailers(block: readonly HeaderField[]): void {
    this.#requestEnded = true;
    if (!this.#answered) this.#stopWaiting();
    this.#connection.touch(this);
    if (this.#tunnel !== "no") {
      if (this.#tunnel === "open") this.exchange.onTunnelHalfClose();
      return;
    }
    if (this.exchange.over) return;
    const fault = this.#body.end(this.exchange, block);
    if (fault !== undefined) this.#malformed(fault.fault);
  }

  /** Everything of one read has been handed over. */
  settle(): void {
    this.touched = false;
    if (!this.exchange.over) this.exchange.onRequestPause();
    this.#consume();
  }

  /** The stream is gone: the client broke it off, or the connection ended. */
  onGone(): void {
    this.#queue.clear();
    this.exchange.onDownstreamClose();
    this.#release();
  }

  // What the exchange answers.

  respond(response: RelayedResponse): void {
    if (this.#tunnel === "asked") {
      this.#tunnel = "refused";
      this.#early = [];
      const { status } = response.head;
      // A 2xx would tell the client that the tunnel is open. RFC 8441 section 5.
      if (status < 300) {
        this.#refuse(502, "UPE", proxyErrors.upstreamGarbage.message);
        this.exchange.fail("upstreamGarbage");
        return;
      }
    }
    this.#dechunking = response.body === "chunked";
    if (this.#dechunking) this.#dechunker.reset();
    this.#answerLeft = response.body === "length" ? response.head.contentLength : -1;
    this.#ended = response.body === "none";
    this.#sendHead(responseFields(response), this.#ended);
  }

  respondInformational(bytes: Buffer, head: ResponseHead): void {
    if (this.#stream !== undefined)
      this.#connection.session.sendHeaders(this.#stream, interimFields(bytes, head), false);
  }

  respondUpgrade(response: RelayedResponse): void {
    const accept = response.head.header(response.bytes, "sec-websocket-accept");
    const expected = createHash("sha1")
      .update(this.#tunnelKey + webSocketGuid)
      .digest("base64");
    if (accept !== expected) {
      this.#tunnel = "refused";
      this.#refuse(502, "UPE", proxyErrors.upstreamGarbage.message);
      this.exchange.fail("upstreamGarbage");
      return;
    }
    this.#tunnel = "open";
    this.#wait(this.#connection.context.limits.tunnelIdleMs);
    this.#sendHead(tunnelFields(response), false);
    const early = this.#early;
    this.#early = [];
    for (const bytes of early) this.exchange.onTunnelData(bytes, 0, bytes.length);
    if (this.#requestEnded) this.exchange.onTunnelHalfClose();
    this.exchange.onRequestPause();
    this.#consume();
  }

  respondOwn({ status, edits, body }: OwnResponse): void {
    const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : body;
    this.#sendOwn(ownFields(status, edits, bytes.length), bytes);
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    this.exchange.bytesOut += end - start;
    if (this.#dechunking) {
      this.#dechunker.push(bytes, start, end, this.#sendContent);
    } else if (this.#answerLeft >= 0) {
      this.#answerLeft -= end - start;
      this.#send(bytes, start, end, this.#answerLeft === 0);
    } else {
      if (this.#tunnel === "open") this.#wait(this.#connection.context.limits.tunnelIdleMs);
      this.#send(bytes, start, end, false);
    }
  }

  sendEnd(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#queue.bytes === 0) this.#finish();
  }

  flush(): void {
    // The connection writes at the end of the turn.
  }

  abort(): void {
    this.#queue.clear();
    const code = this.#tunnel === "open" ? errorCode.connectError : errorCode.internalError;
    this.#reset(this.#ended ? errorCode.noError : code);
  }

  halfClose(): void {
    this.sendEnd();
    if (this.#requestEnded) this.exchange.onDownstreamClose();
  }

  pauseRequest(): void {
    this.#paused = true;
    if (this.#tunnel === "no" && !this.#answered) this.#stopWaiting();
  }

  resumeRequest(): void {
    this.#paused = false;
    if (!this.#requestEnded && this.#tunnel === "no" && !this.#answered) {
      this.#wait(this.#stallMs);
    }
    this.#consume();
  }

  onExchangeOver(): void {
    if (this.#queue.bytes === 0) this.#release();
  }

  // Windows and time.

  /** There is window again. */
  onWritable(): void {
    const stream = this.#stream;
    if (stream === undefined || this.#queue.bytes === 0) return;
    const { session, context } = this.#connection;
    const endWithData = this.#ended && this.#dechunker.trailers === "";
    this.#queue.drain((bytes, start, end, last) => session.sendData(stream, bytes, start, end, last && endWithData));
    if (this.#queue.bytes > 0) {
      this.#wait(context.limits.writeStallMs);
      return;
    }
    if (this.#tunnel === "open") this.#wait(context.limits.tunnelIdleMs);
    else this.#stopWaiting();
    if (this.#ended && !endWithData) this.#finish();
    if (this.exchange.over) this.#release();
    else this.onDrain();
  }

  /** The connection's transport takes bytes again, or the stream's window does. */
  onDrain(): void {
    if (!this.congested) this.exchange.onDownstreamDrain();
  }

  onDeadline(): void {
    if (this.#queue.bytes > 0 || this.#tunnel === "open") {
      this.#queue.clear();
      this.#reset(errorCode.cancel);
      this.exchange.onDownstreamClose();
      this.#release();
      return;
    }
    this.exchange.fail("requestStalled");
  }

  #onTunnelData(bytes: Buffer, start: number, end: number): void {
    if (this.#tunnel === "open") {
      this.#wait(this.#connection.context.limits.tunnelIdleMs);
      this.exchange.onTunnelData(bytes, start, end);
    } else if (this.#tunnel === "asked") {
      this.#early.push(Buffer.from(bytes.subarray(start, end)));
    }
  }

  /** Gives the client its window back, unless the backend is to be waited for. */
  #consume(): void {
    const stream = this.#stream;
    if (stream === undefined || this.#unconsumed === 0 || this.#paused || this.#tunnel === "asked") return;
    this.#connection.session.consume(stream, this.#unconsumed);
    this.#unconsumed = 0;
  }

  #sendHead(fields: readonly HeaderField[], endStream: boolean): void {
    this.#answered = true;
    // From here on a client may take its time: streams of both directions are idle for hours.
    if (this.#tunnel === "no") this.#stopWaiting();
    if (this.#stream === undefined) return;
    this.exchange.bytesOut += this.#connection.session.sendHeaders(this.#stream, fields, endStream);
  }

  #sendOwn(fields: readonly HeaderField[], body: Buffer): void {
    const bodiless = this.#method === "HEAD" || body.length === 0;
    this.#ended = true;
    this.#dechunking = false;
    this.#dechunker.reset();
    this.#sendHead(fields, bodiless);
    if (bodiless) return;
    this.exchange.bytesOut += body.length;
    this.#send(body, 0, body.length, true);
  }

  /** Sends content; what the window does not take waits. `last`: the answer ends with it. */
  #send(bytes: Buffer, start: number, end: number, last: boolean): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    if (last) this.#ended = true;
    const reached = this.#queue.bytes > 0 ? start : this.#connection.session.sendData(stream, bytes, start, end, last);
    if (reached === end) return;
    if (this.#queue.bytes === 0) this.#wait(this.#connection.context.limits.writeStallMs);
    this.#queue.push(bytes, reached, end);
  }

  /** Sends the end of the answer, behind all content. */
  #finish(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    const { session } = this.#connection;
    const { trailers } = this.#dechunker;
    if (this.#dechunking && trailers !== "") session.sendHeaders(stream, trailerFields(trailers), true);
    else session.sendEnd(stream);
  }

  /** Answers a request that did not get as far as an exchange, or whose exchange cannot answer. */
  #refuse(status: number, flag: "DPE" | "DL" | "MR" | "UPE", message: string): void {
    if (this.exchange.over) this.#connection.onRefused(flag);
    const body = this.#grpc ? noBytes : Buffer.from(`${message}\n`, "utf8");
    if (this.#grpc) this.#sendOwn(grpcRefusalFields(status, message), body);
    else this.#sendOwn(refusalFields(status, body.length), body);
    if (this.exchange.over && this.#queue.bytes === 0) this.#release();
  }

  /** The request's frames contradict its head: nothing of it may look complete to a backend. */
  #malformed(reason: string): void {
    this.#queue.clear();
    if (this.#stream !== undefined) this.#connection.session.reset(this.#stream, errorCode.protocolError, "peer");
    if (this.exchange.over) this.#connection.onRefused("DPE");
    else this.exchange.failWith(400, "DPE", reason);
    this.#release();
  }

  #reset(code: number): void {
    if (this.#stream !== undefined) this.#connection.session.reset(this.#stream, code);
  }

  #wait(durationMs: number): void {
    const { deadlines } = this.#connection.context;
    if (!this.#timed) {
      this.#timed = true;
      deadlines.add(this);
    }
    this.deadlineMs = deadlines.after(durationMs);
  }

  #stopWaiting(): void {
    this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  /** Nothing more happens on this stream: makes ready for another one. */
  #release(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    const connection = this.#connection;
    this.#stream = undefined;
    stream.owner = undefined;
    if (this.#unconsumed > 0) connection.session.consume(stream, this.#unconsumed);
    // The answer is complete and the request is not: the client may stop. RFC 9113 section 8.1.
    connection.session.reset(stream, errorCode.noError);
    if (this.#timed) {
      this.#timed = false;
      connection.context.deadlines.delete(this);
    }
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#queue.clear();
    this.#dechunker.reset();
    this.#early = [];
    this.#unconsumed = 0;
    this.#paused = false;
    this.#tunnel = "no";
    this.#answered = false;
    this.#ended = false;
    this.#dechunking = false;
    this.#answerLeft = -1;
    connection.onStreamOver(this);
  }
}
