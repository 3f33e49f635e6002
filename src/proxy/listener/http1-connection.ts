import { BodyPace, bodyPaceLimits } from "../body-pace.ts";
import type { Deadlined } from "../deadlines.ts";
import { proxyErrors } from "../error.ts";
import type { Peer } from "../forwarding.ts";
import type { PlaneContext } from "../plane-context.ts";
import { type RefusedRequest, unreadRequest } from "../refusal.ts";
import type { Transport, TransportEvents } from "../transport/transport.ts";
import type { RefusalFlag, Refused } from "./admit.ts";
import type { ConnectionOwner, ConnectionSecurity, DownstreamConnection } from "./downstream-connection.ts";
import { Http1RequestReader } from "./http1-request-reader.ts";
import { Http1Responder } from "./http1-responder.ts";
import { Http2Connection } from "./http2-connection.ts";

/** How long a connection without a request keeps what it served the last ones with. */
const quietMs = 1_000;

/**
 * `head`: between requests, or in a head. `body`: in a request's body. `answer`: the request is complete and its answer is not;
 * nothing more is read. `discard`: the answer is complete and the request's body is not. `closing`: our last byte is on
 * its way; what comes is thrown away.
 */
type State = "head" | "body" | "answer" | "discard" | "tunnel" | "closing" | "closed";

/**
 * One HTTP/1.0 or HTTP/1.1 connection of a client: whose turn it is, how long that may take, and how it ends. The requests are
 * read by its reader and answered by its responder.
 */
export class Http1Connection implements TransportEvents, Deadlined, DownstreamConnection {
  deadlineMs = Number.POSITIVE_INFINITY;
  state: State = "head";
  readonly owner: ConnectionOwner;
  readonly transport: Transport;
  /** `undefined`: a clear connection. */
  readonly security: ConnectionSecurity | undefined;
  readonly responder: Http1Responder;
  readonly #reader: Http1RequestReader;
  readonly #peer: Peer;
  /** Of request bodies; made by the first. */
  #pace: BodyPace | undefined;
  /** The client sends no more. */
  #ended = false;
  /** The last answer has just gone out: what serves requests is kept at hand for the next. */
  #quiet = false;
  /** What waited to be sent at the last look while closing. */
  #lingerQueued = 0;

  constructor(owner: ConnectionOwner, transport: Transport, peer: Peer, security: ConnectionSecurity | undefined) {
    this.owner = owner;
    this.transport = transport;
    this.security = security;
    this.#peer = peer;
    this.responder = new Http1Responder(this, peer);
    this.#reader = new Http1RequestReader(this);
    owner.context.deadlines.add(this);
    this.wait(owner.context.limits.headerTimeoutMs);
  }

  get context(): PlaneContext {
    return this.owner.context;
  }

  get queuedBytes(): number {
    return this.transport.queuedBytes + this.#reader.pendingBytes + (this.responder.served?.heldBytes ?? 0);
  }

  // What the transport tells.

  onData(bytes: Buffer, start: number, end: number): void {
    this.#reader.take(bytes, start, end);
  }

  onEnd(): void {
    this.#ended = true;
    switch (this.state) {
      case "head":
      case "discard":
      case "closing":
        this.close();
        return;
      case "body":
        // Half a request: there is nobody to answer.
        this.responder.exchange.onDownstreamClose();
        this.close();
        return;
      case "answer":
        // A client may half-close after its request and still read the answer.
        this.responder.keepAlive = false;
        return;
      case "tunnel":
        this.responder.exchange.onTunnelHalfClose();
        return;
      case "closed":
    }
  }

  onDrain(): void {
    if (this.state === "closed") return;
    if (this.state === "tunnel") this.wait(this.responder.exchange.tunnelIdleMs);
    else if (this.state === "answer") this.#stopWaiting();
    else if (this.state === "body") this.#awaitRest();
    this.responder.served?.onDownstreamDrain();
    if (this.state === "head") this.next();
  }

  onClose(): void {
    if (this.state === "closed") return;
    this.#markClosed();
    this.responder.served?.onDownstreamClose();
  }

  onBug(error: unknown): void {
    this.owner.onBug(error);
  }

  onDeadline(): void {
    switch (this.state) {
      case "head":
        if (this.#reader.pendingBytes === 0) this.#onIdle();
        else {
          this.responder.forgetRequest();
          const { status, flag, message } = proxyErrors.requestStalled;
          this.refuse({ kind: "refused", status, flag, message, request: unreadRequest });
        }
        return;
      case "body":
        if (this.transport.congested) this.#abandon();
        else {
          this.responder.keepAlive = false;
          this.responder.exchange.fail("requestStalled");
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
        this.close();
        return;
      case "closed":
    }
  }

  // What the listener asks for.

  /** Ends the connection after the request that it serves; an idle one gets `idleMs` for a request that is under way. */
  drain(idleMs: number): void {
    this.responder.keepAlive = false;
    if (this.state !== "head" || this.#reader.pendingBytes > 0) return;
    this.#quiet = false;
    this.wait(idleMs);
  }

  goAway(): void {
    this.responder.served?.goAway();
  }

  /** Ends the connection whatever is being served on it. */
  destroy(): void {
    if (this.state !== "closed") this.#abandon();
  }

  // What the reader finds.

  /** A request's head has come, and its body is still to come. */
  awaitBody(): void {
    const { deadlines, limits } = this.context;
    this.state = "body";
    this.#pace ??= new BodyPace(deadlines);
    this.#pace.begin(bodyPaceLimits(limits, "body"));
    this.#awaitRest();
  }

  /** More of a request's body has come, and it is not complete. */
  onBodyReceived(bytes: number): void {
    if (this.state !== "body") return;
    this.#pace!.received(bytes);
    this.#awaitRest();
  }

  /** The client has its time for the rest of a body, but any time once it is being answered. */
  #awaitRest(): void {
    this.deadlineMs = this.responder.exchange.phase === "answered" ? Number.POSITIVE_INFINITY : this.#pace!.deadlineMs;
  }

  /** A request is complete: its answer takes as long as the route allows. */
  awaitAnswer(): void {
    this.state = "answer";
    this.#stopWaiting();
  }

  /** Between requests: goes on with what has come already, or waits. */
  next(): void {
    if (this.transport.congested) {
      this.wait(this.context.limits.writeStallMs);
      return;
    }
    this.transport.resume();
    if (this.#reader.pendingBytes > 0) {
      this.#reader.takePending();
    } else if (this.#ended || this.owner.draining) {
      this.#linger();
    } else {
      this.#quiet = true;
      this.wait(this.#quietMs);
    }
  }

  get #quietMs(): number {
    return Math.min(quietMs, this.context.limits.idleTimeoutMs);
  }

  /** No request has come for as long as one was waited for. */
  #onIdle(): void {
    if (!this.#quiet) {
      this.close();
      return;
    }
    this.#quiet = false;
    this.responder.rest();
    this.#reader.body.rest();
    this.#pace = undefined;
    this.wait(this.context.limits.idleTimeoutMs - this.#quietMs);
  }

  /** The client knew that HTTP/2 is spoken here. On a TLS connection the handshake decides instead. RFC 9113 §3.3. */
  becomeHttp2(bytes: Buffer, start: number, end: number): void {
    this.state = "closed";
    this.#stopWaiting();
    this.context.deadlines.delete(this);
    const next = new Http2Connection(this.owner, this.transport, this.#peer, undefined);
    this.owner.onConnectionReplaced(this, next);
    this.transport.handTo(next);
    next.onData(bytes, start, end);
  }

  /** Answers a request that did not get as far as routing, and ends the connection. */
  refuse({ status, flag, message, request }: Refused): void {
    this.#onRefused(status, flag, request);
    this.responder.keepAlive = false;
    this.responder.respondRefusal(status, message);
    this.#linger();
  }

  /** What came first is of another protocol: there is nobody who would read an answer. */
  refuseForeign(): void {
    this.#onRefused(0, "DPE", unreadRequest);
    this.close();
  }

  #onRefused(status: number, flag: RefusalFlag, request: RefusedRequest): void {
    this.owner.onRefused(flag, { status, flag, protocol: this.responder.protocol, peer: this.#peer, request });
  }

  // What the responder does.

  /** When the answer ends now, the rest of the request does not keep the connection from the next one. */
  get outlivesRequest(): boolean {
    return this.state !== "body" || this.#reader.body.discardable;
  }

  /** Bytes pass both ways from now on. */
  onTunnel(): void {
    // The backend did not wait for the body: what is left of it goes through the tunnel as it comes.
    const midway = this.state === "body";
    this.state = "tunnel";
    this.wait(this.responder.exchange.tunnelIdleMs);
    if (midway) return;
    this.transport.resume();
    // What the client sent ahead of the answer was for the protocol that is spoken now.
    this.#reader.takePending();
  }

  /** The head of an answer goes out. */
  onAnswer(): void {
    if (this.state === "body") this.#awaitRest();
  }

  /** Part of an answer, or of what comes through a tunnel, goes out. */
  onBodySent(): void {
    if (this.state === "tunnel") this.wait(this.responder.exchange.tunnelIdleMs);
  }

  /** More waits to be sent than the client takes. */
  onCongested(): void {
    this.wait(this.context.limits.writeStallMs);
  }

  /** A client must not take what it has for a whole answer; a reset says so also where no length and no last chunk does. */
  onAbort(): void {
    this.#markClosed();
    this.transport.reset();
  }

  /** The other side of a tunnel will send no more. */
  onHalfClose(): void {
    this.transport.end();
    if (this.#ended) this.responder.exchange.onDownstreamClose();
  }

  /** The request is read no further for now: the client is not to blame. */
  pauseRequest(): void {
    this.transport.pause();
    if (this.state !== "body") return;
    this.#pace!.pause();
    this.#awaitRest();
  }

  resumeRequest(): void {
    if (this.state === "body") {
      this.#pace!.resume();
      this.#awaitRest();
    }
    this.transport.resume();
  }

  /** The answer is complete: goes on to the next request, or ends the connection. */
  onExchangeOver(): void {
    switch (this.state) {
      case "answer":
        this.state = "head";
        break;
      case "body":
        this.state = this.#reader.body.left === 0 ? "head" : "discard";
        break;
      case "tunnel":
        this.state = "head";
        this.responder.keepAlive = false;
        break;
      case "head":
      case "discard":
      case "closing":
      case "closed":
        return;
    }
    if (!this.responder.keepAlive) {
      this.#linger();
    } else if (this.state === "discard") {
      this.#discardRest();
    } else if (this.#reader.idle) this.next();
  }

  /** Reads what is left of a request that has been answered, when that is not too much. */
  #discardRest(): void {
    if (!this.#reader.body.discardable) {
      this.#linger();
      return;
    }
    this.wait(this.context.limits.requestStallMs);
    this.transport.resume();
    if (this.#reader.idle) this.#reader.takePending();
  }

  /** Half-closes and gives the client time to read the end of the answer. */
  #linger(): void {
    this.state = "closing";
    this.#reader.dropPending();
    this.#lingerQueued = Number.POSITIVE_INFINITY;
    this.#lingerOn();
    this.transport.resume();
    this.transport.end();
  }

  /** A slow client gets the rest of its answer as long as it takes some of it; one that takes nothing is closed. */
  #lingerOn(): void {
    const queued = this.transport.queuedBytes;
    if (queued >= this.#lingerQueued) {
      this.close();
      return;
    }
    this.#lingerQueued = queued;
    this.wait(queued > 0 ? this.context.limits.writeStallMs : this.context.limits.lingerMs);
  }

  /** Ends the connection at once; nothing is being served on it. */
  close(): void {
    this.#markClosed();
    this.transport.destroy();
  }

  #abandon(): void {
    this.#markClosed();
    this.responder.served?.onDownstreamClose();
    this.transport.reset();
  }

  #markClosed(): void {
    this.state = "closed";
    this.#reader.dropPending();
    this.#stopWaiting();
    this.context.deadlines.delete(this);
    this.#peer.upstreams.close();
    this.owner.onConnectionClosed(this);
  }

  /** What is going on now may take that long. */
  wait(durationMs: number): void {
    this.deadlineMs = this.context.deadlines.after(durationMs);
  }

  #stopWaiting(): void {
    this.deadlineMs = Number.POSITIVE_INFINITY;
  }
}
