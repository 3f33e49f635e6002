import { readReceivedRequest } from "../../wire/head/http2-received-request.ts";
import type { ReceivedRequest } from "../../wire/head/received-request.ts";
import { RequestField } from "../../wire/http1/known-field.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import type { RequestMessage } from "../../wire/http2/message.ts";
import type { Http2Stream } from "../../wire/http2/stream.ts";
import { BodyPace, bodyPaceLimits } from "../body-pace.ts";
import type { Exchange } from "../exchange.ts";
import { admit, refusalOf } from "./admit.ts";
import type { Http2Connection } from "./http2-connection.ts";
import { Http2RequestBody } from "./http2-request-body.ts";
import type { Http2Responder } from "./http2-responder.ts";
import { statusField } from "./http2-response-fields.ts";
import { Http2Tunnel } from "./http2-tunnel.ts";
import { readUpgrade } from "./http2-upgrade.ts";

const noSuchTunnel = "This server opens no such tunnel.";

/** Takes the request of one stream to its exchange, and gives the client its window back as the exchange goes on. */
export class Http2RequestReader {
  /** The client has sent all that it will. */
  ended = false;
  readonly #connection: Http2Connection;
  readonly #responder: Http2Responder;
  readonly #exchange: Exchange;
  readonly #body = new Http2RequestBody();
  #stream: Http2Stream<Http2Responder> | undefined;
  /** Of request bodies; made by the first. */
  #pace: BodyPace | undefined;
  /** Received and not given back to the client's window. */
  #unconsumed = 0;
  #paused = false;

  constructor(connection: Http2Connection, responder: Http2Responder) {
    this.#connection = connection;
    this.#responder = responder;
    this.#exchange = responder.exchange;
  }

  begin(stream: Http2Stream<Http2Responder>, message: RequestMessage, endStream: boolean): void {
    const responder = this.#responder;
    this.#stream = stream;
    this.ended = endStream;
    const fault = this.#body.begin(message, endStream);
    if (fault !== undefined) {
      responder.malformed(fault.fault);
      return;
    }
    if (message.method !== "CONNECT") {
      this.#beginExchange(readReceivedRequest(message, this.#body.framing, this.#connection.context.requestLimits));
      return;
    }
    if (message.protocol !== "websocket" || endStream) {
      // RFC 8441 and 9220 leave the answer to an unknown protocol open; 501 is what later RFCs settled on.
      const status = message.protocol === undefined ? 405 : endStream ? 400 : 501;
      responder.refuse({ kind: "refused", status, flag: "DPE", message: noSuchTunnel, request: responder.asked });
      return;
    }
    responder.tunnel = new Http2Tunnel();
    this.#beginExchange(readUpgrade(message, responder.tunnel.key, this.#connection.context.requestLimits));
  }

  /** Makes ready for what is left of a request that cannot be read. */
  beginUnread(stream: Http2Stream<Http2Responder>, endStream: boolean): void {
    this.#stream = stream;
    this.ended = endStream;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    const responder = this.#responder;
    this.#unconsumed += end - start;
    this.#connection.touch(responder);
    if (responder.tunnel !== undefined) {
      this.#onTunnelData(responder.tunnel, bytes, start, end);
      return;
    }
    if (this.#exchange.over) return;
    const fault = this.#body.data(this.#exchange, bytes, start, end);
    if (fault !== undefined) {
      responder.malformed(fault.fault);
      return;
    }
    const { limits } = this.#connection.context;
    if (this.#body.received > limits.requestBodyBytes) this.#exchange.fail("bodyTooLarge");
    else {
      this.#pace?.received(end - start);
      this.#awaitRest();
    }
  }

  onTrailers(block: readonly HeaderField[]): void {
    const responder = this.#responder;
    this.ended = true;
    if (!responder.answered) responder.stopWaiting();
    this.#connection.touch(responder);
    if (responder.tunnel !== undefined) {
      if (responder.tunnel.state === "open") this.#exchange.onTunnelHalfClose();
      return;
    }
    if (this.#exchange.over) return;
    const fault = this.#body.end(this.#exchange, block);
    if (fault !== undefined) responder.malformed(fault.fault);
  }

  pause(): void {
    this.#paused = true;
    this.#pace?.pause();
    this.#awaitRest();
  }

  resume(): void {
    this.#paused = false;
    this.#pace?.resume();
    this.#awaitRest();
    this.consume();
  }

  /** The client has its time for the rest of a body, but any time once it is being answered. */
  #awaitRest(): void {
    const responder = this.#responder;
    if (this.ended || responder.tunnel !== undefined || responder.answered) return;
    responder.waitUntil(this.#pace!.deadlineMs);
  }

  /** Gives the client its window back, unless the backend is to be waited for. */
  consume(): void {
    const stream = this.#stream;
    if (stream === undefined || this.#unconsumed === 0) return;
    const { session } = this.#connection;
    // Nobody waits for the rest of a request that has been answered.
    if (this.#exchange.over) session.discard(this.#unconsumed);
    else if (this.#paused || this.#responder.tunnel?.state === "asked") return;
    else session.consume(stream, this.#unconsumed);
    this.#unconsumed = 0;
  }

  /** Lets go of the stream; what was received on it is in nobody's way any more. */
  release(): void {
    if (this.#unconsumed > 0) this.#connection.session.discard(this.#unconsumed);
    this.#stream = undefined;
    this.#unconsumed = 0;
    this.#paused = false;
  }

  /** `received`: or the code of the fault that it has. */
  #beginExchange(received: ReceivedRequest | number): void {
    const connection = this.#connection;
    const responder = this.#responder;
    const { context } = connection;
    if (typeof received === "number") {
      responder.refuse(refusalOf(received, responder.asked));
      return;
    }
    const verdict = admit(received, connection);
    if (verdict.kind === "refused") {
      responder.refuse(verdict);
      return;
    }
    if (!this.ended && responder.tunnel === undefined) {
      this.#pace ??= new BodyPace(context.deadlines);
      this.#pace.begin(bodyPaceLimits(context.limits, responder.grpc ? "call" : "body"));
      this.#awaitRest();
    }
    this.#exchange.begin(received, verdict.path, verdict.model, verdict.listener);
    connection.touch(responder);
    if (received.has(RequestField.expect) && !this.ended && !responder.answered && this.#stream !== undefined) {
      connection.session.sendHeaders(this.#stream, [statusField(100)], false);
    }
  }

  #onTunnelData(tunnel: Http2Tunnel, bytes: Buffer, start: number, end: number): void {
    if (tunnel.state === "open") {
      this.#responder.wait(this.#exchange.tunnelIdleMs);
      this.#exchange.onTunnelData(bytes, start, end);
    } else if (tunnel.state === "asked") tunnel.hold(bytes, start, end);
  }
}
