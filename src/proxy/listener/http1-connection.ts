import { asciiBytes } from "../../wire/http1/ascii.ts";
import { ChunkReader, nextContent, scanChunks } from "../../wire/http1/chunked.ts";
import { faultOf, faults } from "../../wire/http1/fault.ts";
import { ResponseField } from "../../wire/http1/known-field.ts";
import { parseRequestHead, RequestHead } from "../../wire/http1/request-head.ts";
import type { ResponseHead } from "../../wire/http1/response-head.ts";
import { fixed, type HeadWriter } from "../../wire/http1/serialize.ts";
import type { Deadlined } from "../deadlines.ts";
import { proxyErrors } from "../error.ts";
import { Exchange } from "../exchange.ts";
import type { Peer } from "../forwarding.ts";
import { dateLine } from "../http-date.ts";
import type { PlaneContext } from "../plane-context.ts";
import type { OwnResponse, RelayedResponse, Responder } from "../responder.ts";
import { output } from "../transport/output.ts";
import type { Transport, TransportEvents } from "../transport/transport.ts";
import type { ConnectionOwner, ConnectionSecurity, DownstreamConnection } from "./downstream-connection.ts";
import { Http2Connection } from "./http2-connection.ts";

/** Parses whole heads of all connections of a thread; a connection whose head comes in pieces keeps it and leaves another. */
let sharedHead = new RequestHead();

/** What HTTP/1.1 reads of the preface of HTTP/2 before it sees that this is no request of its own. RFC 9113 §3.4. */
const prefaceLine = asciiBytes("PRI * HTTP/2.0\r\n");

/** First lines of other protocols are short. */
const foreignLineBytes = 256;

/** A body that no one wants is read to its end when no more than this is left of it; otherwise the connection ends. */
const discardBytes = 64 * 1024;

/**
 * `head`: between requests, or in a head. `body`: in a request's body. `answer`: the request is complete and its answer is not;
 * nothing more is read. `discard`: the answer is complete and the request's body is not. `closing`: our last byte is on
 * its way; what comes is thrown away.
 */
type State = "head" | "body" | "answer" | "discard" | "tunnel" | "closing" | "closed";

/** One HTTP/1.0 or HTTP/1.1 connection of a client. */
export class Http1Connection implements TransportEvents, Responder, Deadlined, DownstreamConnection {
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly #owner: ConnectionOwner;
  readonly #context: PlaneContext;
  readonly #transport: Transport;
  readonly #exchange: Exchange;
  readonly #peer: Peer;
  /** `undefined`: a clear connection. */
  readonly #security: ConnectionSecurity | undefined;
  #state: State = "head";
  /** Bytes that came before their turn: a head in part, or later requests. */
  #pending: Buffer | undefined;
  #partialHead: RequestHead | undefined;
  #consuming = false;
  #ended = false;
  #keepAlive = true;
  #requests = 0;
  #minor: 0 | 1 = 1;
  #method = "";
  #chunked = false;
  #left = 0;
  #chunks: ChunkReader | undefined;
  #expectsContinue = false;
  /** Of the answer being sent. */
  #dechunk: ChunkReader | undefined;
  #dechunking = false;
  #rechunking = false;
  /** What waited to be sent at the last look while closing. */
  #lingerQueued = 0;
  #headStart = 0;

  constructor(owner: ConnectionOwner, transport: Transport, peer: Peer, security: ConnectionSecurity | undefined) {
    this.#owner = owner;
    this.#context = owner.context;
    this.#transport = transport;
    this.#peer = peer;
    this.#security = security;
    this.#exchange = new Exchange(owner.context, this, peer);
    owner.context.deadlines.add(this);
    this.#wait(owner.context.limits.headerTimeoutMs);
  }

  get protocol(): string {
    return this.#minor === 0 ? "HTTP/1.0" : "HTTP/1.1";
  }

  get congested(): boolean {
    return this.#transport.congested;
  }

  get queuedBytes(): number {
    return this.#transport.queuedBytes + (this.#pending?.length ?? 0) + this.#exchange.heldBytes;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (this.#pending === undefined) {
      this.#consume(bytes, start, end);
      return;
    }
    const joined = Buffer.concat([this.#pending, bytes.subarray(start, end)]);
    this.#pending = undefined;
    this.#consume(joined, 0, joined.length);
  }

  onEnd(): void {
    this.#ended = true;
    switch (this.#state) {
      case "head":
      case "discard":
      case "closing":
        this.#close();
        return;
      case "body":
        // Half a request: there is nobody to answer.
        this.#exchange.onDownstreamClose();
        this.#close();
        return;
      case "answer":
        // A client may half-close after its request and still read the answer.
        this.#keepAlive = false;
        return;
      case "tunnel":
        this.#exchange.onTunnelHalfClose();
        return;
      case "closed":
    }
  }

  onDrain(): void {
    if (this.#state === "closed") return;
    if (this.#state === "tunnel") this.#wait(this.#context.limits.tunnelIdleMs);
    else if (this.#state === "answer") this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#exchange.onDownstreamDrain();
    if (this.#state === "head") this.#next();
  }

  onClose(): void {
    if (this.#state === "closed") return;
    this.#markClosed();
    this.#exchange.onDownstreamClose();
  }

  onBug(error: unknown): void {
    this.#owner.onBug(error);
  }

  onDeadline(): void {
    switch (this.#state) {
      case "head":
        if (this.#pending === undefined) this.#close();
        else this.#refuse(408, "DT", proxyErrors.requestStalled.message);
        return;
      case "body":
        if (this.#transport.congested) this.#abandon();
        else {
          this.#keepAlive = false;
          this.#exchange.fail("requestStalled");
        }
        return;
      case "answer":
      case "tunnel":
        this.#abandon();
        return;
      case "closing":
        this.#lingerOn();
        return;
      case "discard":
        this.#close();
        return;
      case "closed":
    }
  }

  /** Ends the connection after the request that it serves; an idle one gets `idleMs` for a request that is under way. */
  drain(idleMs: number): void {
    this.#keepAlive = false;
    if (this.#state === "head" && this.#pending === undefined) this.#wait(idleMs);
  }

  /** Ends the connection whatever is being served on it. */
  destroy(): void {
    if (this.#state !== "closed") this.#abandon();
  }

  respond(response: RelayedResponse): void {
    const { head, bytes, edits } = response;
    const body = this.#minor === 0 && response.body === "chunked" ? "untilClose" : response.body;
    this.#dechunking = body !== response.body;
    if (this.#dechunking) {
      this.#dechunk ??= new ChunkReader();
      this.#dechunk.reset();
    }
    const chunks = body === "untilClose" && this.#minor === 1;
    this.#rechunking = chunks;
    if (body === "untilClose" && !chunks) this.#keepAlive = false;
    const writer = this.#beginHead(head.status);
    writer.runs(head, bytes);
    edits.write(writer);
    if (head.first[ResponseField.date]! < 0) writer.put(dateLine());
    if (body === "chunked" || chunks) writer.put(fixed.chunked);
    else if (head.contentLength >= 0 && head.status !== 204 && !head.chunked) writer.contentLength(head.contentLength);
    this.#endHead(writer);
  }

  respondInformational(bytes: Buffer, head: ResponseHead): void {
    if (this.#minor === 0) return;
    const writer = this.#beginHead(head.status);
    writer.runs(head, bytes).crlf();
    output.flush();
  }

  respondUpgrade({ bytes, head, edits }: RelayedResponse): void {
    const writer = this.#beginHead(101);
    writer.runs(head, bytes);
    edits.write(writer);
    writer
      .put(fixed.upgrade)
      .text(head.value(bytes, ResponseField.upgrade) ?? "")
      .crlf()
      .crlf();
    output.flush();
    this.#state = "tunnel";
    this.#wait(this.#context.limits.tunnelIdleMs);
    this.#transport.resume();
    // What the client sent ahead of the answer was for the protocol that is spoken now.
    this.#consumePending();
  }

  respondOwn({ status, edits, body }: OwnResponse): void {
    if (this.#state === "body" && (this.#chunked || this.#left > discardBytes || this.#expectsContinue)) {
      this.#keepAlive = false;
    }
    const writer = this.#beginHead(status);
    edits.write(writer);
    writer.put(dateLine());
    const bytes = typeof body === "string" ? Buffer.from(body, "utf8") : body;
    if (status !== 204 && status !== 304) writer.contentLength(bytes.length);
    this.#endHead(writer);
    if (this.#method !== "HEAD" && bytes.length > 0) output.append(this.#transport, bytes, 0, bytes.length);
    this.#exchange.bytesOut += bytes.length;
    output.flush();
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    this.#exchange.bytesOut += end - start;
    if (this.#state === "tunnel") this.#wait(this.#context.limits.tunnelIdleMs);
    if (this.#rechunking) {
      if (start === end) return;
      output.head(this.#transport).chunkSize(end - start);
      output.append(this.#transport, bytes, start, end);
      output.head(this.#transport).crlf();
    } else if (this.#dechunking) this.#sendContent(bytes, start, end);
    else output.append(this.#transport, bytes, start, end);
  }

  sendEnd(): void {
    if (this.#rechunking) output.head(this.#transport).put(fixed.lastChunk);
    output.flush();
  }

  flush(): void {
    output.flush();
    if (this.#transport.congested) this.#wait(this.#context.limits.writeStallMs);
  }

  abort(): void {
    output.flush();
    // A client must not take what it has for a whole answer; a reset says so also where no length and no last chunk does.
    this.#markClosed();
    this.#transport.reset();
  }

  halfClose(): void {
    output.flush();
    this.#transport.end();
    if (this.#ended) this.#exchange.onDownstreamClose();
  }

  pauseRequest(): void {
    this.#transport.pause();
    if (this.#state === "body") this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  resumeRequest(): void {
    if (this.#state === "body") this.#wait(this.#context.limits.requestStallMs);
    this.#transport.resume();
  }

  onExchangeOver(): void {
    switch (this.#state) {
      case "answer":
        this.#state = "head";
        break;
      case "body":
        this.#state = "discard";
        break;
      case "tunnel":
        this.#state = "head";
        this.#keepAlive = false;
        break;
      case "head":
      case "discard":
      case "closing":
      case "closed":
        return;
    }
    if (this.#state === "discard" && !this.#chunked && this.#left === 0) this.#state = "head";
    if (
      this.#state === "discard" &&
      this.#keepAlive &&
      !this.#chunked &&
      this.#left <= discardBytes &&
      !this.#expectsContinue
    ) {
      this.#wait(this.#context.limits.requestStallMs);
      this.#transport.resume();
      if (!this.#consuming) this.#consumePending();
      return;
    }
    if (!this.#keepAlive || this.#state === "discard") {
      this.#linger();
      return;
    }
    if (!this.#consuming) this.#next();
  }

  #consume(bytes: Buffer, start: number, end: number): void {
    this.#consuming = true;
    let at = start;
    while (at < end) at = this.#step(bytes, at, end);
    this.#consuming = false;
    if (!this.#exchange.over) this.#exchange.onRequestPause();
    else if (this.#state === "head" && this.#pending === undefined) this.#next();
  }

  /** Takes some of the bytes; returns where to go on. */
  #step(bytes: Buffer, start: number, end: number): number {
    switch (this.#state) {
      case "head":
        if (!this.#transport.congested) return this.#readHead(bytes, start, end);
        return this.#stash(bytes, start, end);
      case "body":
        return this.#readBody(bytes, start, end);
      case "answer":
        return this.#stash(bytes, start, end);
      case "discard":
        return this.#discard(start, end);
      case "tunnel":
        this.#wait(this.#context.limits.tunnelIdleMs);
        this.#exchange.onTunnelData(bytes, start, end);
        return end;
      case "closing":
      case "closed":
        return end;
    }
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    const head = this.#partialHead ?? sharedHead;
    const next = parseRequestHead(bytes, start, end, head, this.#context.requestLimits);
    if (next > 0) {
      this.#partialHead = undefined;
      this.#beginRequest(bytes, head, next < end);
      return next;
    }
    if (next < 0) {
      head.reset();
      this.#partialHead = undefined;
      if (this.#requests === 0 && this.#security === undefined && isPreface(bytes, start, end)) {
        this.#becomeHttp2(bytes, start, end);
        return end;
      }
      if (this.#requests === 0 && next === faults.requestLine.code && isForeign(bytes, start, end)) {
        this.#owner.onRefused("DPE");
        this.#close();
        return end;
      }
      const fault = faultOf(next);
      this.#refuse(fault.status, isLimit(fault.status) ? "DL" : "DPE", fault.reason);
      return end;
    }
    this.#pending = start === 0 && end === bytes.length ? bytes : Buffer.from(bytes.subarray(start, end));
    if (this.#partialHead === undefined) {
      this.#partialHead = head;
      sharedHead = new RequestHead();
      this.#wait(this.#context.limits.headerTimeoutMs);
    }
    return end;
  }

  /** The client knew that HTTP/2 is spoken here. On a TLS connection the handshake decides instead. RFC 9113 §3.3. */
  #becomeHttp2(bytes: Buffer, start: number, end: number): void {
    this.#state = "closed";
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#context.deadlines.delete(this);
    const next = new Http2Connection(this.#owner, this.#transport, this.#peer, undefined);
    this.#owner.onConnectionReplaced(this, next);
    this.#transport.handTo(next);
    next.onData(bytes, start, end);
  }

  #beginRequest(bytes: Buffer, head: RequestHead, more: boolean): void {
    const { context, draining, model } = this.#owner;
    const { limits } = context;
    const path = head.form === "asterisk" ? "*" : head.path(bytes);
    this.#minor = head.minor;
    this.#method = head.method(bytes);
    if (typeof path === "number") {
      this.#refuse(faultOf(path).status, "DPE", faultOf(path).reason);
      return;
    }
    if (head.contentLength > limits.requestBodyBytes) {
      this.#refuse(413, "DL", proxyErrors.bodyTooLarge.message);
      return;
    }
    const security = this.#security;
    if (security !== undefined) security.serverName ??= head.host(bytes);
    const listener = security === undefined ? undefined : this.#owner.tlsListener(security, model);
    if (security !== undefined && listener === undefined) {
      this.#refuse(421, "MR", proxyErrors.misdirected.message);
      return;
    }
    this.#requests++;
    this.#chunked = head.chunked;
    this.#left = Math.max(head.contentLength, 0);
    this.#expectsContinue = head.expectContinue;
    // Bytes after an upgrade that is refused are in an unknown protocol: never read them as another request.
    this.#keepAlive = !head.close && !head.upgrade && !draining && this.#requests < limits.requestsPerConnection;
    this.#rechunking = false;
    this.#dechunking = false;
    if (head.chunked) {
      this.#chunks ??= new ChunkReader();
      this.#chunks.reset();
    }
    this.#state = head.chunked || this.#left > 0 ? "body" : "answer";
    if (this.#state === "body") this.#wait(limits.requestStallMs);
    else this.deadlineMs = Number.POSITIVE_INFINITY;
    try {
      this.#exchange.begin(bytes, head, path, model, listener);
      if (this.#exchange.keepsHead && head === sharedHead) sharedHead = new RequestHead();
    } catch (error) {
      this.#owner.onBug(error);
      this.#exchange.fail("internal");
    }
    if (this.#state !== "body" || !this.#expectsContinue || more || this.#exchange.over) return;
    this.#expectsContinue = false;
    output.head(this.#transport).put(fixed.continue);
    output.flush();
  }

  #readBody(bytes: Buffer, start: number, end: number): number {
    let until = Math.min(end, start + this.#left);
    let complete: boolean;
    if (this.#chunked) {
      const chunks = this.#chunks!;
      until = scanChunks(chunks, bytes, start, end);
      if (until < 0) {
        const fault = faultOf(until);
        this.#keepAlive = false;
        this.#exchange.failWith(fault.status, "DPE", fault.reason);
        return end;
      }
      if (chunks.contentBytes > this.#context.limits.requestBodyBytes) {
        this.#keepAlive = false;
        this.#exchange.fail("bodyTooLarge");
        return end;
      }
      complete = chunks.done;
    } else {
      this.#left -= until - start;
      complete = this.#left === 0;
    }
    this.#expectsContinue = false;
    this.#exchange.onRequestBody(bytes, start, until);
    if (!complete) this.#wait(this.#context.limits.requestStallMs);
    else if (this.#state === "body") {
      this.#state = "answer";
      this.deadlineMs = Number.POSITIVE_INFINITY;
      this.#exchange.onRequestEnd();
    }
    return until;
  }

  #discard(start: number, end: number): number {
    const until = Math.min(end, start + this.#left);
    this.#left -= until - start;
    if (this.#left === 0) this.#state = "head";
    return until;
  }

  /** Keeps bytes whose turn has not come, and reads no more. */
  #stash(bytes: Buffer, start: number, end: number): number {
    const part = bytes.subarray(start, end);
    this.#pending = this.#pending === undefined ? Buffer.from(part) : Buffer.concat([this.#pending, part]);
    this.#transport.pause();
    return end;
  }

  /** Between requests: goes on with what has come already, or waits. */
  #next(): void {
    if (this.#transport.congested) {
      this.#wait(this.#context.limits.writeStallMs);
      return;
    }
    this.#transport.resume();
    if (this.#pending !== undefined) {
      this.#consumePending();
    } else if (this.#ended || this.#owner.draining) {
      this.#linger();
    } else {
      this.#wait(this.#context.limits.idleTimeoutMs);
    }
  }

  #consumePending(): void {
    const bytes = this.#pending;
    if (bytes === undefined) return;
    this.#pending = undefined;
    this.#consume(bytes, 0, bytes.length);
  }

  /** Answers a request that did not get as far as routing, and ends the connection. */
  #refuse(status: number, flag: "DPE" | "DL" | "DT" | "MR", message: string): void {
    this.#owner.onRefused(flag);
    this.#keepAlive = false;
    const body = Buffer.from(`${message}\n`, "utf8");
    const writer = this.#beginHead(status);
    writer.field("content-type", "text/plain; charset=utf-8").put(dateLine()).contentLength(body.length);
    this.#endHead(writer);
    if (this.#method !== "HEAD") output.append(this.#transport, body, 0, body.length);
    output.flush();
    this.#linger();
  }

  #beginHead(status: number): HeadWriter {
    const writer = output.head(this.#transport);
    this.#headStart = writer.length;
    return writer.statusLine(status);
  }

  #endHead(writer: HeadWriter): void {
    if (!this.#keepAlive) writer.put(fixed.close);
    else if (this.#minor === 0) writer.put(fixed.keepAlive);
    writer.crlf();
    this.#exchange.bytesOut += writer.length - this.#headStart;
  }

  /** The content of chunks alone, for a client of HTTP/1.0. */
  #sendContent(bytes: Buffer, start: number, end: number): void {
    const chunks = this.#dechunk!;
    let at = start;
    while (at < end && !chunks.done) {
      // The upstream's side has judged these bytes: no fault can come.
      at = nextContent(chunks, bytes, at, end);
      output.append(this.#transport, bytes, chunks.contentStart, chunks.contentEnd);
    }
  }

  /** Half-closes and gives the client time to read the end of the answer. */
  #linger(): void {
    this.#state = "closing";
    this.#pending = undefined;
    this.#lingerQueued = Number.POSITIVE_INFINITY;
    this.#lingerOn();
    this.#transport.resume();
    this.#transport.end();
  }

  /** A slow client gets the rest of its answer as long as it takes some of it; one that takes nothing is closed. */
  #lingerOn(): void {
    const queued = this.#transport.queuedBytes;
    if (queued >= this.#lingerQueued) {
      this.#close();
      return;
    }
    this.#lingerQueued = queued;
    this.#wait(queued > 0 ? this.#context.limits.writeStallMs : this.#context.limits.lingerMs);
  }

  #close(): void {
    this.#markClosed();
    this.#transport.destroy();
  }

  #abandon(): void {
    this.#markClosed();
    this.#exchange.onDownstreamClose();
    this.#transport.reset();
  }

  #markClosed(): void {
    this.#state = "closed";
    this.#pending = undefined;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#context.deadlines.delete(this);
    this.#owner.onConnectionClosed(this);
  }

  #wait(durationMs: number): void {
    this.deadlineMs = this.#context.deadlines.after(durationMs);
  }
}

/** The first line ends in the name of another protocol (RTSP, SIP, a broken preface): an answer in HTTP means nothing to it. */
function isForeign(bytes: Buffer, start: number, end: number): boolean {
  const [line = ""] = bytes.latin1Slice(start, Math.min(end, start + foreignLineBytes)).split("\r\n");
  const words = line.split(" ");
  return words.length === 3 && words[2] !== "" && !/^HTTP/i.test(words[2]!);
}

function isPreface(bytes: Buffer, start: number, end: number): boolean {
  return end - start >= prefaceLine.length && prefaceLine.every((byte, i) => bytes[start + i] === byte);
}

function isLimit(status: number): boolean {
  return status === 413 || status === 414 || status === 431;
}
