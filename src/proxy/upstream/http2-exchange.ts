import type { AnswerBody } from "../../wire/head/answer-head.ts";
import { readAnswerHead, readInterimHead } from "../../wire/head/http2-answer-head.ts";
import { noTrailers } from "../../wire/head/no-trailers.ts";
import { errorCode } from "../../wire/http2/frame.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import { type ResponseMessage, readResponse } from "../../wire/http2/message.ts";
import type { Http2Stream } from "../../wire/http2/stream.ts";
import type { Deadlined } from "../deadlines.ts";
import type { ProxyErrorKind } from "../error.ts";
import { maxInterim } from "./answer-reader.ts";
import type { UpstreamContext } from "./connection.ts";
import type { EndpointState } from "./endpoint-state.ts";
import type { FailureProgress, OutgoingRequest, UpstreamEvents, UpstreamExchange } from "./exchange.ts";
import { Http2BodySender } from "./http2-body-sender.ts";
import type { Http2Connection } from "./http2-connection.ts";
import { translateRequest } from "./http2-request.ts";
import { areTrailers, readSwitch } from "./http2-response.ts";
import type { PrivateUpstreams } from "./private-upstreams.ts";
import { silenceLimitMs } from "./silence-limit.ts";

/** What an exchange needs of the pool that made it. */
export interface Http2ExchangeOwner {
  readonly endpoint: EndpointState;
  /** Given up before a connection had room for it. */
  onAbandoned(exchange: Http2Exchange): void;
}

/**
 * One request on one stream of a connection to an endpoint. What the stream's window does not let through waits here, and the exchange is congested.
 */
export class Http2Exchange implements UpstreamExchange, Deadlined {
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly #owner: Http2ExchangeOwner;
  readonly #context: UpstreamContext;
  #events: UpstreamEvents | undefined;
  #connection: Http2Connection | undefined;
  #stream: Http2Stream<Http2Exchange> | undefined;
  #method = "";
  /** How long nothing may move. */
  #silenceMs = 0;
  /** The same once the stream is a tunnel. */
  #tunnelSilenceMs = 0;
  /** The same while the endpoint is to take the rest of the request. 0: as {@link #silenceMs}. */
  #sendSilenceMs = 0;
  #websocketKey: string | undefined;
  readonly #body = new Http2BodySender();
  #answer: AnswerBody | "awaited" | "tunnel" = "awaited";
  #answerLeft = 0;
  #interim = 0;
  #paused = false;
  #unconsumed = 0;
  #peerEnded = false;

  constructor(owner: Http2ExchangeOwner, events: UpstreamEvents, context: UpstreamContext) {
    this.#owner = owner;
    this.#events = events;
    this.#context = context;
    owner.endpoint.activeRequests++;
    context.deadlines.add(this);
  }

  get endpoint(): EndpointState {
    return this.#owner.endpoint;
  }

  get ready(): boolean {
    return this.#connection !== undefined;
  }

  get reused(): boolean {
    return this.#connection?.reused === true;
  }

  get congested(): boolean {
    return this.#body.pendingBytes > 0 || this.#connection?.congested === true;
  }

  get queuedBytes(): number {
    return this.#body.pendingBytes;
  }

  /** The stream's number; 0: nothing was sent yet. */
  get streamId(): number {
    return this.#stream?.id ?? 0;
  }

  /** A connection has room. The owner of the request is told by `announceReady`. */
  assign(connection: Http2Connection): void {
    this.#connection = connection;
    connection.add(this);
  }

  announceReady(): void {
    this.#events?.onUpstreamReady();
  }

  sendHead(request: OutgoingRequest): void {
    const connection = this.#connection!;
    const { session } = connection;
    const translated = translateRequest(request, this.endpoint.tls === undefined ? "http" : "https", performance.now());
    this.#method = request.method;
    const { limits } = this.#context;
    this.#silenceMs = silenceLimitMs(request, "answer", limits);
    this.#tunnelSilenceMs = silenceLimitMs(request, "tunnel", limits);
    const { tunnel } = translated;
    this.#sendSilenceMs = tunnel ? 0 : (request.sendSilenceMs ?? 0);
    if (tunnel && (translated.upgrade !== "websocket" || !session.peer.connectProtocol)) {
      // Not at once: the caller is in the middle of sending.
      queueMicrotask(() => this.fail("unsupportedProtocol", "unsent"));
      return;
    }
    const stream = session.open(this);
    if (stream === undefined) {
      queueMicrotask(() => this.fail("upstreamReset", "refused"));
      return;
    }
    this.#stream = stream;
    if (tunnel) this.#websocketKey = translated.websocketKey;
    const whole = request.framing === "none" && !tunnel;
    session.sendHeaders(stream, translated.fields, whole);
    this.#body.ended = whole;
    this.#body.begin(stream, request.framing, translated.contentLength);
    this.#touch();
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    if (this.#stream === undefined || this.#events === undefined) return;
    this.#body.send(bytes, start, end);
    this.#touch();
  }

  sendEnd(trailers: readonly HeaderField[]): void {
    if (this.#stream === undefined || this.#events === undefined) return;
    this.#body.end(trailers);
    if (this.#sendSilenceMs > 0) this.#touch();
  }

  flush(): void {
    // All frames of a turn share one write: the connection flushes at the end of it.
  }

  halfClose(): void {
    this.sendEnd(noTrailers);
    if (this.#peerEnded) this.#complete();
  }

  pause(): void {
    this.#paused = true;
    this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  resume(): void {
    this.#paused = false;
    this.#touch();
    this.#giveBack();
  }

  /** No credentials come on a shared connection: the next request, which may bring some, has one for itself. */
  bind(own: PrivateUpstreams): void {
    own.add(this.endpoint);
  }

  cancel(): void {
    if (this.#events === undefined) return;
    this.#detach(errorCode.cancel);
  }

  onDeadline(): void {
    this.fail("backendTimeout", this.#stream === undefined ? "unsent" : "sent");
  }

  /** Over without an answer, or in the middle of one. */
  fail(kind: ProxyErrorKind, progress: FailureProgress, code: number = errorCode.cancel): void {
    const events = this.#events;
    if (events === undefined) return;
    this.#detach(code);
    events.onUpstreamFailure(kind, progress);
  }

  /** The connection is gone. */
  onConnectionLost(kind: ProxyErrorKind, reused: boolean): void {
    const silent = this.#answer === "awaited" && this.#interim === 0;
    this.fail(kind, this.#stream === undefined ? "unsent" : reused && silent ? "stale" : "sent");
  }

  onConnectionDrain(): void {
    if (!this.congested) this.#events?.onUpstreamDrain();
  }

  // ---- events of the stream

  onHeaders(block: readonly HeaderField[], endStream: boolean): void {
    this.#touch();
    const message = readResponse(block);
    if ("malformed" in message) {
      this.#garbage();
      return;
    }
    if (message.status < 200) this.#onInterim(message, endStream);
    else if (this.#websocketKey !== undefined && message.status < 300) this.#onSwitch(message, endStream);
    else this.#onFinal(message, endStream);
  }

  onData(bytes: Buffer, start: number, end: number): void {
    const events = this.#events;
    this.#unconsumed += end - start;
    if (events === undefined) {
      this.#giveBack();
      return;
    }
    this.#touch();
    switch (this.#answer) {
      case "tunnel":
      case "content":
        events.onResponseBody(bytes, start, end);
        return;
      case "length":
        this.#answerLeft -= end - start;
        if (this.#answerLeft < 0) this.#garbage();
        else events.onResponseBody(bytes, start, end);
        return;
      default:
        this.#garbage();
    }
  }

  onTrailers(block: readonly HeaderField[]): void {
    const events = this.#events;
    if (events === undefined) return;
    if (!areTrailers(block) || this.#answer === "tunnel" || this.#answerLeft > 0) {
      this.#garbage();
      return;
    }
    // Behind a body of known length there is no place for trailers. RFC 9110 §6.5.1.
    if (this.#answer === "content") events.onResponseTrailers(block);
    this.#complete();
  }

  onEnd(): void {
    const events = this.#events;
    if (events === undefined) return;
    if (this.#answer === "tunnel") {
      this.#peerEnded = true;
      events.onUpstreamHalfClose();
      if (this.#body.ended) this.#complete();
      return;
    }
    if (this.#answerLeft > 0) {
      this.#garbage();
      return;
    }
    this.#complete();
  }

  onReset(code: number): void {
    // Some servers leave the end of a stream out when what was before it had to wait for window.
    if (code === errorCode.noError && this.#answer === "length" && this.#answerLeft === 0) {
      this.#complete();
      return;
    }
    const refused = code === errorCode.refusedStream && this.#answer === "awaited";
    this.fail("upstreamReset", refused ? "refused" : "sent");
  }

  /** There is window again. */
  onWritable(): void {
    if (this.#stream === undefined || this.#events === undefined) return;
    this.#body.resume();
    this.#touch();
    this.onConnectionDrain();
  }

  /** Everything of one read of the connection has been handed over. */
  onReadOver(): void {
    this.#events?.onResponsePause();
    if (!this.#paused) this.#giveBack();
  }

  // ---- answer

  #onInterim(message: ResponseMessage, endStream: boolean): void {
    const head = readInterimHead(message, this.#context.responseLimits);
    if (endStream || head === undefined || ++this.#interim > maxInterim) {
      this.#garbage();
      return;
    }
    // The client's 100 is our affair: it has had one, or did not wait for one.
    if (message.status !== 100) this.#events?.onInformational(head);
  }

  #onSwitch(message: ResponseMessage, endStream: boolean): void {
    const head = readSwitch(message, this.#websocketKey!, this.#context.responseLimits);
    if (head === undefined) {
      this.#garbage();
      return;
    }
    this.#answer = "tunnel";
    this.#silenceMs = this.#tunnelSilenceMs;
    this.#touch();
    this.#events?.onUpgraded(head);
    if (endStream) this.onEnd();
  }

  #onFinal(message: ResponseMessage, endStream: boolean): void {
    const events = this.#events;
    if (events === undefined) return;
    const head = readAnswerHead(message, { method: this.#method, endStream }, this.#context.responseLimits);
    if (head === undefined) {
      this.#garbage();
      return;
    }
    this.#answer = head.body(this.#method);
    this.#answerLeft = this.#answer === "length" ? message.contentLength : 0;
    events.onResponseHead(head);
    if (endStream && this.#events === events) this.#complete();
  }

  #complete(): void {
    const events = this.#events;
    if (events === undefined) return;
    // An endpoint that answered before it read the whole request does not want the rest. RFC 9113 §8.1.
    this.#detach(errorCode.cancel);
    events.onResponseEnd();
  }

  #garbage(): void {
    this.fail("upstreamGarbage", "sent", errorCode.protocolError);
  }

  /** Lets go of the stream; `code` resets it when it is not over. */
  #detach(code: number): void {
    this.#events = undefined;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#context.deadlines.delete(this);
    this.endpoint.activeRequests--;
    this.#body.release();
    const stream = this.#stream;
    if (stream !== undefined) {
      this.#giveBack();
      if (!stream.closed) stream.session.reset(stream, code);
    }
    if (this.#connection === undefined) this.#owner.onAbandoned(this);
    else this.#connection.remove(this);
  }

  #giveBack(): void {
    const stream = this.#stream;
    if (stream === undefined || this.#unconsumed === 0) return;
    const bytes = this.#unconsumed;
    this.#unconsumed = 0;
    stream.session.consume(stream, bytes);
  }

  /** Something moved: the endpoint has its time again. */
  #touch(): void {
    if (!this.#paused && this.#events !== undefined)
      this.deadlineMs = this.#context.deadlines.after(this.#patienceMs());
  }

  #patienceMs(): number {
    if (this.#sendSilenceMs === 0) return this.#silenceMs;
    if (this.#body.pendingBytes > 0) return this.#sendSilenceMs;
    return this.#body.ended || this.#answer !== "awaited" ? this.#silenceMs : Number.POSITIVE_INFINITY;
  }
}
