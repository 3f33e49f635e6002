import { Http1ReceivedRequest } from "../../wire/head/http1-received-request.ts";
import { noTrailers } from "../../wire/head/no-trailers.ts";
import { faultOf, faults } from "../../wire/http1/fault.ts";
import { parseRequestHead, RequestHead } from "../../wire/http1/request-head.ts";
import type { Exchange } from "../exchange.ts";
import { unreadRequest } from "../refusal.ts";
import { admit, refusalOf } from "./admit.ts";
import { isForeign, isPreface } from "./foreign-protocol.ts";
import type { Http1Connection } from "./http1-connection.ts";
import { Http1RequestBody } from "./http1-request-body.ts";
import type { Http1Responder } from "./http1-responder.ts";

/** Parses whole heads of all connections of a thread; a connection whose head comes in pieces keeps it and leaves another. */
let sharedHead = new RequestHead();

/** Tells the requests of one connection apart and hands them to its exchange, each when its turn has come. */
export class Http1RequestReader {
  readonly body = new Http1RequestBody();
  readonly #connection: Http1Connection;
  readonly #responder: Http1Responder;
  /** Bytes that came before their turn: a head in part, or later requests. */
  #pending: Buffer | undefined;
  #partialHead: RequestHead | undefined;
  #consuming = false;
  #requests = 0;

  constructor(connection: Http1Connection) {
    this.#connection = connection;
    this.#responder = connection.responder;
  }

  get #exchange(): Exchange {
    return this.#responder.exchange;
  }

  /** Bytes that came before their turn. */
  get pendingBytes(): number {
    return this.#pending?.length ?? 0;
  }

  /** Takes what the client sent. */
  take(bytes: Buffer, start: number, end: number): void {
    if (this.#pending === undefined) {
      this.#consume(bytes, start, end);
      return;
    }
    const joined = Buffer.concat([this.#pending, bytes.subarray(start, end)]);
    this.#pending = undefined;
    this.#consume(joined, 0, joined.length);
  }

  /** Goes on with the bytes that came before their turn. */
  takePending(): void {
    const bytes = this.#pending;
    if (bytes === undefined) return;
    this.#pending = undefined;
    this.#consume(bytes, 0, bytes.length);
  }

  /** Forgets the bytes that came before their turn: it will not come. */
  dropPending(): void {
    this.#pending = undefined;
  }

  /** The connection's state allows more to be read; while bytes are being taken they are gone on with anyway. */
  get idle(): boolean {
    return !this.#consuming;
  }

  #consume(bytes: Buffer, start: number, end: number): void {
    this.#consuming = true;
    let at = start;
    while (at < end) at = this.#step(bytes, at, end);
    this.#consuming = false;
    const { served } = this.#responder;
    if (served !== undefined && !served.over) served.onRequestPause();
    else if (this.#connection.state === "head" && this.#pending === undefined) this.#connection.next();
  }

  /** Takes some of the bytes; returns where to go on. */
  #step(bytes: Buffer, start: number, end: number): number {
    const connection = this.#connection;
    switch (connection.state) {
      case "head":
        if (!connection.transport.congested) return this.#readHead(bytes, start, end);
        return this.#stash(bytes, start, end);
      case "body":
        return this.#readBody(bytes, start, end);
      case "answer":
        return this.#stash(bytes, start, end);
      case "discard":
        return this.#discard(start, end);
      case "tunnel":
        connection.wait(this.#exchange.tunnelIdleMs);
        this.#exchange.onTunnelData(bytes, start, end);
        return end;
      case "closing":
      case "closed":
        return end;
    }
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    const connection = this.#connection;
    const head = this.#partialHead ?? sharedHead;
    const next = parseRequestHead(bytes, start, end, head, connection.context.requestLimits);
    if (next > 0) {
      this.#partialHead = undefined;
      this.#beginRequest(bytes, head, next < end);
      return next;
    }
    if (next < 0) {
      head.reset();
      this.#partialHead = undefined;
      this.#refuseHead(next, bytes, start, end);
      return end;
    }
    this.#pending = start === 0 && end === bytes.length ? bytes : Buffer.from(bytes.subarray(start, end));
    if (this.#partialHead === undefined) {
      this.#partialHead = head;
      sharedHead = new RequestHead();
      connection.wait(connection.context.limits.headerTimeoutMs);
    }
    return end;
  }

  /** What came is no request of HTTP/1; perhaps it is of another protocol. */
  #refuseHead(code: number, bytes: Buffer, start: number, end: number): void {
    const connection = this.#connection;
    if (this.#requests === 0 && connection.security === undefined && isPreface(bytes, start, end)) {
      connection.becomeHttp2(bytes, start, end);
      return;
    }
    if (this.#requests === 0 && code === faults.requestLine.code && isForeign(bytes, start, end)) {
      connection.refuseForeign();
      return;
    }
    this.#responder.forgetRequest();
    connection.refuse(refusalOf(code, unreadRequest));
  }

  #beginRequest(bytes: Buffer, head: RequestHead, more: boolean): void {
    const connection = this.#connection;
    const { limits } = connection.context;
    this.#responder.begin(bytes, head);
    const received = new Http1ReceivedRequest(bytes, head);
    const verdict = admit(received, connection);
    if (verdict.kind === "refused") {
      connection.refuse(verdict);
      return;
    }
    this.#requests++;
    this.body.begin(head, this.#exchange);
    // Bytes after an upgrade that is refused are in an unknown protocol: never read them as another request.
    this.#responder.keepAlive =
      !head.close && !head.upgrade && !connection.owner.draining && this.#requests < limits.requestsPerConnection;
    if (head.chunked || this.body.left > 0) connection.awaitBody();
    else connection.awaitAnswer();
    this.#exchange.begin(received, verdict.path, verdict.model, verdict.listener);
    if (this.#exchange.keepsHead && head === sharedHead) sharedHead = new RequestHead();
    if (connection.state !== "body" || !this.body.expectsContinue || more || this.#exchange.over) return;
    this.body.expectsContinue = false;
    this.#responder.respondContinue();
  }

  #readBody(bytes: Buffer, start: number, end: number): number {
    const connection = this.#connection;
    const { limits } = connection.context;
    const until = this.body.take(bytes, start, end);
    if (until < 0) {
      const fault = faultOf(until);
      this.#responder.keepAlive = false;
      this.#exchange.failWith(fault.status, "DPE", fault.reason);
      return end;
    }
    if (this.body.chunkedBytes > limits.requestBodyBytes) {
      this.#responder.keepAlive = false;
      this.#exchange.fail("bodyTooLarge");
      return end;
    }
    const { complete } = this.body;
    this.#exchange.onRequestBody(bytes, start, until);
    if (!complete) connection.onBodyReceived(until - start);
    else if (connection.state === "body") {
      connection.awaitAnswer();
      this.#exchange.onRequestEnd(noTrailers);
    }
    return until;
  }

  #discard(start: number, end: number): number {
    const until = this.body.skip(start, end);
    if (this.body.left === 0) this.#connection.state = "head";
    return until;
  }

  /** Keeps bytes whose turn has not come, and reads no more. */
  #stash(bytes: Buffer, start: number, end: number): number {
    const part = bytes.subarray(start, end);
    this.#pending = this.#pending === undefined ? Buffer.from(part) : Buffer.concat([this.#pending, part]);
    this.#connection.transport.pause();
    return end;
  }
}
