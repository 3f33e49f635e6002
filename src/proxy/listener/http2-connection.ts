import type { ResponseFlag } from "../../telemetry/response-flag.ts";
import { errorCode } from "../../wire/http2/frame.ts";
import { Http2Session } from "../../wire/http2/session.ts";
import type { Deadlined } from "../deadlines.ts";
import type { Peer } from "../forwarding.ts";
import type { PlaneContext } from "../plane-context.ts";
import type { RefusedRequest } from "../refusal.ts";
import type { Transport, TransportEvents } from "../transport/transport.ts";
import type { ConnectionOwner, ConnectionSecurity, DownstreamConnection } from "./downstream-connection.ts";
import { type Flushable, flushAfterTurn } from "./http2-flusher.ts";
import type { Http2Responder } from "./http2-responder.ts";
import { Http2Streams } from "./http2-streams.ts";

/** A client that leaves this much unread is not read from either: what it sends only makes us write more. */
const pauseReadBytes = 256 * 1024;

/** How long a connection without a request keeps what it served the last ones with. */
const quietMs = 1_000;

/** What the connection's deadline is for. */
type Waiting =
  /** The rest of a preface, header block or frame. */
  | "midway"
  /** The next request of a client that has just had an answer: what serves requests is kept at hand. */
  | "quiet"
  /** A request. */
  | "idle"
  /** The client to read. */
  | "write"
  /** The client to have read our first GOAWAY. */
  | "drain"
  /** The client to close. */
  | "linger"
  | "nothing";

/** One HTTP/2 connection of a client: its transport and its life. What comes on it goes to {@link Http2Streams}. */
export class Http2Connection implements TransportEvents, Deadlined, Flushable, DownstreamConnection {
  readonly peer: Peer;
  readonly session: Http2Session<Http2Responder>;
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly owner: ConnectionOwner;
  /** `undefined`: a clear connection. */
  readonly security: ConnectionSecurity | undefined;
  readonly #transport: Transport;
  readonly #streams = new Http2Streams(this);
  /** Streams that something came for in the read under way. */
  #touched: Http2Responder[] = [];
  #waiting: Waiting = "nothing";
  /** Frames read when the client was first found midway. */
  #midwayFrames = -1;
  #requests = 0;
  #readPaused = false;
  #congested = false;
  /** No request comes any more: the connection ends with its last stream. */
  #ending = false;
  /** Our last byte is on its way; what comes is thrown away. */
  #closing = false;
  /** Thrown away so far, in bytes. */
  #thrownAway = 0;
  #closed = false;

  constructor(owner: ConnectionOwner, transport: Transport, peer: Peer, security: ConnectionSecurity | undefined) {
    this.peer = peer;
    this.owner = owner;
    this.#transport = transport;
    this.security = security;
    this.session = new Http2Session(this.#streams, {
      role: "server",
      limits: owner.context.limits.http2,
      now: () => performance.now(),
    });
    owner.context.deadlines.add(this);
    this.session.start();
    this.#rest();
  }

  get context(): PlaneContext {
    return this.owner.context;
  }

  get congested(): boolean {
    return this.#transport.congested;
  }

  get queuedBytes(): number {
    let bytes = this.#transport.queuedBytes;
    for (const stream of this.session.streams.values()) bytes += stream.owner?.queuedBytes ?? 0;
    return bytes;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    if (this.#closing) {
      this.#throwAway(end - start);
      return;
    }
    this.session.receive(bytes, start, end);
    const touched = this.#touched;
    if (touched.length > 0) {
      this.#touched = [];
      for (let i = 0; i < touched.length; i++) touched[i]!.settle();
    }
    this.#rest();
  }

  onEnd(): void {
    if (this.#closing) {
      this.#close();
      return;
    }
    // Requests that are complete still get their answers; the others never will be.
    for (const stream of this.session.streams.values()) {
      if (stream.remote === "open") stream.owner?.onGone();
    }
    this.session.goaway(errorCode.noError);
  }

  onDrain(): void {
    this.session.onTaken();
    if (this.#readPaused) {
      this.#readPaused = false;
      this.#transport.resume();
    }
    this.#congested = false;
    for (const stream of this.session.streams.values()) stream.owner?.onDrain();
    this.#rest();
  }

  onClose(): void {
    if (this.#closed) return;
    this.#abandonStreams();
    this.#markClosed();
  }

  onDeadline(): void {
    switch (this.#waiting) {
      case "quiet":
        this.#streams.onRest();
        this.#waitFor("idle", this.context.limits.idleTimeoutMs - this.#quietMs);
        return;
      case "idle":
        this.session.goaway(errorCode.noError);
        return;
      case "drain":
        this.session.goaway(errorCode.noError);
        return;
      case "midway":
        this.session.goaway(errorCode.enhanceYourCalm);
        this.destroy();
        return;
      case "write":
        this.destroy();
        return;
      case "linger":
        this.#close();
        return;
      case "nothing":
    }
  }

  /** Ends the connection after the requests on it; those already under way to us have `idleMs` to arrive. */
  drain(idleMs: number): void {
    if (this.#closing) return;
    this.session.announceEnd();
    this.#waitFor("drain", idleMs);
  }

  goAway(): void {
    for (const { owner } of this.session.streams.values()) owner?.exchange.goAway();
  }

  /** Ends the connection whatever is being served on it. */
  destroy(): void {
    if (this.#closed) return;
    this.session.flush();
    this.#abandonStreams();
    this.#markClosed();
    this.#transport.reset();
  }

  flush(): void {
    this.session.flush();
    if (this.#closed) return;
    if (this.#closing) {
      this.#transport.end();
      return;
    }
    this.#congested = this.#transport.congested;
    if (!this.#congested) return;
    this.#rest();
    if (this.#readPaused || this.#transport.queuedBytes < pauseReadBytes) return;
    this.#readPaused = true;
    this.#transport.pause();
  }

  // What the session and its streams report.

  write(buffer: Buffer, start: number, end: number): boolean {
    const taken = this.#transport.write(buffer, start, end);
    if (this.#transport.queuedBytes === 0) this.session.onTaken();
    return taken;
  }

  flushLater(): void {
    flushAfterTurn(this);
  }

  touch(responder: Http2Responder): void {
    if (responder.touched) return;
    responder.touched = true;
    this.#touched.push(responder);
  }

  onRequest(): void {
    if (++this.#requests === this.context.limits.requestsPerConnection) this.session.goaway(errorCode.noError);
  }

  onRefused(flag: ResponseFlag, status: number, request: RefusedRequest): void {
    this.owner.onRefused(flag, { status, flag, protocol: "HTTP/2", peer: this.peer, request });
  }

  onBug(error: unknown): void {
    this.owner.onBug(error);
  }

  onStreamOver(responder: Http2Responder): void {
    this.#streams.release(responder);
    if (this.session.streams.size > 0) return;
    if (this.#ending) this.endWhenQuiet();
    else if (this.#waiting === "nothing") this.#rest();
  }

  /** The client opens no more streams. */
  onPeerEnding(): void {
    this.endWhenQuiet();
  }

  endWhenQuiet(): void {
    this.#ending = true;
    if (this.#closing || this.session.streams.size > 0) return;
    this.session.goaway(errorCode.noError);
    this.#linger();
  }

  onProtocolError(): void {
    this.owner.onRefused("DPE", undefined);
    this.#abandonStreams();
    this.#linger();
  }

  /** Half-closes behind what is still to be written, and gives the client time to read it. */
  #linger(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#waitFor("linger", this.context.limits.lingerMs);
    if (this.#readPaused) this.#transport.resume();
    flushAfterTurn(this);
  }

  /** Bears what was under way when the connection ended: a window of DATA. Whoever sends more does not listen. */
  #throwAway(bytes: number): void {
    this.#thrownAway += bytes;
    if (this.#thrownAway > this.context.limits.http2.connectionWindowBytes) this.destroy();
  }

  /** Sets the deadline for what is waited for now. */
  #rest(): void {
    if (this.#closing || this.#closed) return;
    const { limits } = this.context;
    if (this.#congested) {
      if (this.#waiting !== "write") this.#waitFor("write", limits.writeStallMs);
    } else if (this.session.midway) {
      if (this.#waiting === "midway" && this.#midwayFrames === this.session.framesRead) return;
      this.#midwayFrames = this.session.framesRead;
      this.#waitFor("midway", limits.headerTimeoutMs);
    } else if (this.#waiting === "drain" && !this.session.ended) {
      return;
    } else if (this.session.streams.size > 0) {
      this.#waiting = "nothing";
      this.deadlineMs = Number.POSITIVE_INFINITY;
    } else if (this.#waiting !== "quiet" && this.#waiting !== "idle") {
      this.#waitFor("quiet", this.#quietMs);
    }
  }

  get #quietMs(): number {
    return Math.min(quietMs, this.context.limits.idleTimeoutMs);
  }

  #waitFor(what: Waiting, durationMs: number): void {
    this.#waiting = what;
    this.deadlineMs = this.context.deadlines.after(durationMs);
  }

  #abandonStreams(): void {
    this.session.dead = true;
    for (const stream of [...this.session.streams.values()]) stream.owner?.onGone();
    this.session.streams.clear();
  }

  #close(): void {
    this.#markClosed();
    this.#transport.destroy();
  }

  #markClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closing = true;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.context.deadlines.delete(this);
    this.peer.upstreams.close();
    this.owner.onConnectionClosed(this);
  }
}
