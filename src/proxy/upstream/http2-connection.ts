import { errorCode } from "../../wire/http2/frame.ts";
import { Http2Session, type SessionEvents } from "../../wire/http2/session.ts";
import type { Http2Stream } from "../../wire/http2/stream.ts";
import type { Deadlined } from "../deadlines.ts";
import type { ProxyErrorKind } from "../error.ts";
import type { Transport } from "../transport/transport.ts";
import { type ConnectEvents, connect } from "./connect.ts";
import { connectFailure, lossOf } from "./connect-failure.ts";
import type { UpstreamContext } from "./connection.ts";
import type { Dial, EndpointState } from "./endpoint-state.ts";
import type { Http2Exchange } from "./http2-exchange.ts";

/** Stream numbers of one connection run out at 2^30: it is replaced before. */
const streamsPerLife = 1_000_000_000;

/** What a connection tells the pool that made it. */
export interface Http2ConnectionOwner {
  readonly endpoint: EndpointState;
  /** What the connection begins with, before HTTP/2 does; `undefined`: nothing. */
  readonly preface: Buffer | undefined;
  /** The endpoint's settings are known. */
  onOpen(connection: Http2Connection): void;
  /** A stream ended. */
  onRoom(connection: Http2Connection): void;
  /** No stream can be added any more. `kind`: it never took one, for this reason. */
  onGone(connection: Http2Connection, kind: ProxyErrorKind | undefined): void;
}

/** `settling`: connected, and the endpoint's SETTINGS are due. `draining`: streams go on, none is added. */
type State = "connecting" | "settling" | "open" | "draining" | "closed";

/** One HTTP/2 connection to an endpoint. */
export class Http2Connection implements ConnectEvents, Dial, Deadlined {
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly session: Http2Session<Http2Exchange>;
  readonly #owner: Http2ConnectionOwner;
  readonly #context: UpstreamContext;
  readonly #transport: Transport;
  readonly #exchanges = new Set<Http2Exchange>();
  /** Those that got something of the read that is being handled. */
  readonly #touched = new Set<Http2Exchange>();
  #state: State = "connecting";
  #opened = 0;
  /** When it was ready, on the clock of `performance.now`. */
  #openedMs = 0;
  /** Streams completed. */
  #served = 0;
  /** A PING is on its way, to which anything at all is an answer. */
  #probing = false;
  #left = false;
  /** The gauge that this connection is counted in. */
  #gauge: "active" | "idle" | undefined;

  constructor(owner: Http2ConnectionOwner, connectTimeoutMs: number, context: UpstreamContext) {
    this.#owner = owner;
    this.#context = context;
    this.session = new Http2Session(this.#sessionEvents(), {
      role: "client",
      limits: owner.endpoint.rules.http2.session,
      now: () => performance.now(),
    });
    const { endpoint } = owner;
    endpoint.dials.add(this);
    this.#transport = connect(
      {
        address: endpoint.address,
        port: endpoint.port,
        tls: endpoint.tls,
        guard: endpoint.guard,
        descriptors: endpoint.descriptors,
        alpn: ["h2"],
        keepalive: endpoint.rules.keepalive,
        ...(owner.preface === undefined ? {} : { preface: owner.preface }),
      },
      this,
    );
    context.deadlines.add(this);
    this.deadlineMs = context.deadlines.after(connectTimeoutMs);
  }

  get connecting(): boolean {
    return this.#state === "connecting" || this.#state === "settling";
  }

  /** It has served requests before. */
  get reused(): boolean {
    return this.#served > 0;
  }

  get congested(): boolean {
    return this.#transport.congested;
  }

  /** Streams that may be added now. */
  get room(): number {
    if (this.#state !== "open") return 0;
    const free =
      Math.min(this.session.peer.maxConcurrentStreams, this.#owner.endpoint.rules.http2.streamsPerConnection) -
      this.#exchanges.size;
    return Math.min(free, this.#owner.endpoint.rules.maxRequests - this.#opened);
  }

  add(exchange: Http2Exchange): void {
    this.#exchanges.add(exchange);
    const { maxRequests, maxAgeMs } = this.#owner.endpoint.rules;
    if (++this.#opened >= Math.min(streamsPerLife, maxRequests)) this.drain();
    else if (maxAgeMs < Number.POSITIVE_INFINITY && performance.now() >= this.#openedMs + maxAgeMs) this.drain();
    this.#wait();
  }

  remove(exchange: Http2Exchange): void {
    if (!this.#exchanges.delete(exchange)) return;
    this.#touched.delete(exchange);
    this.#served++;
    if (this.#exchanges.size === 0 && this.#state === "draining") {
      this.destroy();
      return;
    }
    this.#wait();
    if (this.#state === "open") this.#owner.onRoom(this);
  }

  /** Takes no further streams; closes once those under way are over. */
  drain(): void {
    if (this.#state === "closed" || this.#state === "draining") return;
    this.#leave(undefined);
    this.#state = "draining";
    if (this.#exchanges.size === 0) this.destroy();
  }

  destroy(): void {
    if (this.#state === "closed") return;
    this.#leave(undefined);
    if (!this.connecting) this.session.goaway(errorCode.noError);
    this.#state = "closed";
    this.session.flush();
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#context.deadlines.delete(this);
    this.#owner.endpoint.dials.delete(this);
    this.#count(undefined);
    this.#transport.destroy();
    this.#owner.endpoint.closeConnection();
  }

  // ---- transport

  onConnect(protocol: string): void {
    if (this.#state === "closed") return;
    if (this.#owner.endpoint.tls !== undefined && protocol !== "h2") {
      this.#fail("unsupportedProtocol");
      return;
    }
    this.#state = "settling";
    this.session.start();
    this.session.flush();
  }

  onData(bytes: Buffer, start: number, end: number): void {
    this.#probing = false;
    this.session.receive(bytes, start, end);
    if (this.#state === "settling" && this.session.settled) {
      this.#state = "open";
      this.#openedMs = performance.now();
      this.#owner.endpoint.dials.delete(this);
      this.#owner.endpoint.onConnected();
      this.#owner.endpoint.metrics.dialled("ok").add(1);
      this.#wait();
      this.#owner.onOpen(this);
    }
    for (const exchange of this.#touched) exchange.onReadOver();
    this.#touched.clear();
    if (this.#exchanges.size > 0) this.#wait();
  }

  onEnd(): void {
    this.#fail("upstreamReset");
  }

  onDrain(): void {
    this.session.onTaken();
    for (const exchange of this.#exchanges) exchange.onConnectionDrain();
  }

  onClose(error: Error | undefined): void {
    if (this.#state !== "connecting") {
      this.#fail(lossOf(error));
      return;
    }
    this.#fail(connectFailure(error, this.#owner.endpoint.tls === undefined ? "clear" : "tls"));
  }

  onEndpointGone(): void {
    this.#fail("endpointGone");
  }

  onDeadline(): void {
    switch (this.#state) {
      case "connecting":
      case "settling":
        this.#fail("connectTimeout");
        return;
      case "open":
      case "draining":
        this.#onSilence();
        return;
      case "closed":
    }
  }

  /** The endpoint has said nothing for long: an unused connection is closed, one in use is asked for a sign of life. */
  #onSilence(): void {
    if (this.#exchanges.size === 0) {
      this.destroy();
      return;
    }
    if (this.#probing) {
      this.#fail("backendTimeout");
      return;
    }
    this.#probing = true;
    this.session.ping();
    this.deadlineMs = this.#context.deadlines.after(this.#owner.endpoint.rules.http2.pingTimeoutMs);
  }

  /** The connection ended, or must. */
  #fail(kind: ProxyErrorKind): void {
    if (this.#state === "closed") return;
    const { endpoint } = this.#owner;
    const { connecting } = this;
    if (connecting) {
      endpoint.onConnectFailed(kind, performance.now(), this.#context.limits.endpointBackoffMs);
      endpoint.metrics.dialled(kind).add(1);
    }
    const { reused } = this;
    const exchanges = [...this.#exchanges];
    this.#leave(connecting ? kind : undefined);
    this.destroy();
    for (const exchange of exchanges) exchange.onConnectionLost(kind, reused);
  }

  #leave(kind: ProxyErrorKind | undefined): void {
    if (this.#left) return;
    this.#left = true;
    this.#owner.onGone(this, kind);
  }

  #wait(): void {
    if (this.#state !== "open" && this.#state !== "draining") return;
    const { rules } = this.#owner.endpoint;
    const idle = this.#exchanges.size === 0;
    this.#count(idle ? "idle" : "active");
    this.deadlineMs = this.#context.deadlines.after(idle ? rules.idleMs : rules.http2.pingAfterMs);
  }

  #count(gauge: "active" | "idle" | undefined): void {
    if (gauge === this.#gauge) return;
    const { metrics } = this.#owner.endpoint;
    if (this.#gauge !== undefined) metrics[this.#gauge].add(-1);
    if (gauge !== undefined) metrics[gauge].add(1);
    this.#gauge = gauge;
  }

  #sessionEvents(): SessionEvents<Http2Exchange> {
    const touch = ({ owner }: Http2Stream<Http2Exchange>): Http2Exchange | undefined => {
      if (owner !== undefined && this.#exchanges.has(owner)) this.#touched.add(owner);
      return owner;
    };
    return {
      onHeaders: (stream, block, endStream) => touch(stream)?.onHeaders(block, endStream),
      onTrailers: (stream, block) => touch(stream)?.onTrailers(block),
      onData: (stream, bytes, start, end) => touch(stream)?.onData(bytes, start, end),
      onEnd: (stream) => stream.owner?.onEnd(),
      onReset: (stream, code) => stream.owner?.onReset(code),
      onWritable: (stream) => stream.owner?.onWritable(),
      onHeadersTooLarge: (stream) => stream.owner?.fail("upstreamGarbage", "sent"),
      onEnding: () => {},
      onGoaway: (lastStreamId) => this.#onGoaway(lastStreamId),
      onConnectionError: () => this.#fail(this.connecting ? "unsupportedProtocol" : "upstreamGarbage"),
      onDirty: () => flushLater(this.session),
      onOutput: (buffer, start, end) => {
        const taken = this.#transport.write(buffer, start, end);
        if (this.#transport.queuedBytes === 0) this.session.onTaken();
        return taken;
      },
    };
  }

  /** What the endpoint did not look at can be sent again, to whoever takes it. RFC 9113 §6.8. */
  #onGoaway(lastStreamId: number): void {
    if (this.connecting) {
      this.#fail("connectFailed");
      return;
    }
    const unseen = [...this.#exchanges].filter(({ streamId }) => streamId > lastStreamId);
    this.drain();
    for (const exchange of unseen) exchange.fail("upstreamReset", "refused");
  }
}

/** Sessions with frames to be written once what is going on is over: all frames of a turn share one write. */
const dirty: Http2Session<Http2Exchange>[] = [];

function flushLater(session: Http2Session<Http2Exchange>): void {
  if (dirty.push(session) === 1) setImmediate(flushAll);
}

function flushAll(): void {
  for (const session of dirty.splice(0)) session.flush();
}
