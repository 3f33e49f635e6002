import type { HeadLimits } from "../../wire/http1/message-head.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import type { Deadlined, Deadlines } from "../deadlines.ts";
import type { ProxyErrorKind } from "../error.ts";
import type { ProxyLimits } from "../limits.ts";
import { output } from "../transport/output.ts";
import type { Transport } from "../transport/transport.ts";
import { AnswerReader } from "./answer-reader.ts";
import { type ConnectEvents, connect, dialledWith } from "./connect.ts";
import { type ConnectFailure, connectFailure, lossOf } from "./connect-failure.ts";
import type { Dial, EndpointState } from "./endpoint-state.ts";
import type { FailureProgress, OutgoingRequest, UpstreamEvents, UpstreamExchange } from "./exchange.ts";
import type { PrivateUpstreams } from "./private-upstreams.ts";
import { silenceLimitMs } from "./silence-limit.ts";

/** What connections of one plane need of it. */
export type UpstreamContext = {
  readonly limits: ProxyLimits;
  readonly responseLimits: HeadLimits;
  readonly deadlines: Deadlines;
  /** Told of exceptions that never should happen. */
  readonly onBug: (error: unknown) => void;
};

/** How long before the endpoint's own time an idle connection is given up: a request needs time to get there. */
const keepAliveMarginMs = 1_000;

/** `head` and `body`: what is to come next of an answer. */
type State = "connecting" | "idle" | "head" | "body" | "tunnel" | "closed";

export type ConnectionOptions = {
  readonly context: UpstreamContext;
  readonly connectTimeoutMs: number;
  /** Sent before anything else; `undefined`: nothing is. */
  readonly preface: Buffer | undefined;
};

/** One HTTP/1.1 connection to an endpoint; one exchange at a time. */
export class UpstreamConnection implements UpstreamExchange, ConnectEvents, Dial, Deadlined {
  readonly endpoint: EndpointState;
  deadlineMs = Number.POSITIVE_INFINITY;
  state: State = "connecting";
  readonly context: UpstreamContext;
  /** Who waits for an answer; `undefined`: nobody. */
  events: UpstreamEvents | undefined;
  /** Of the request under way; more of it may follow. */
  headSent = false;
  /** How long nothing may move. */
  #silenceMs: number;
  /** The same once the connection is a tunnel. */
  #tunnelSilenceMs = 0;
  /** The same while the endpoint is to take the rest of the request. 0: as {@link #silenceMs}. */
  #sendSilenceMs = 0;
  readonly #transport: Transport;
  readonly #answer: AnswerReader;
  /** Answers completed. */
  #served = 0;
  /** When it was made, on the clock of `performance.now`. */
  #connectedMs = 0;
  #requestComplete = false;
  /** The body of the request comes without framing, and leaves in chunks. */
  #chunking = false;
  /** Whose it is alone; `undefined`: anybody's. */
  #own: PrivateUpstreams | undefined;
  /** The endpoint half-closed its side of a tunnel. */
  #ended = false;

  /** The endpoint has made room for it; see `EndpointState.openConnection`. */
  constructor(endpoint: EndpointState, { context, connectTimeoutMs, preface }: ConnectionOptions) {
    this.endpoint = endpoint;
    this.context = context;
    this.#silenceMs = context.limits.responseStallMs;
    this.#answer = new AnswerReader(this);
    endpoint.dials.add(this);
    this.#transport = connect(dialledWith(endpoint, preface), this);
    context.deadlines.add(this);
    this.deadlineMs = context.deadlines.after(connectTimeoutMs);
  }

  get ready(): boolean {
    return this.state !== "connecting";
  }

  get reused(): boolean {
    return this.#served > 0;
  }

  get congested(): boolean {
    return this.#transport.congested;
  }

  get queuedBytes(): number {
    return this.#transport.queuedBytes + this.#answer.heldBytes;
  }

  /** Takes the connection for an exchange. */
  begin(events: UpstreamEvents): void {
    this.events = events;
    this.headSent = false;
    this.#requestComplete = false;
    this.#answer.begin();
    this.endpoint.activeRequests++;
    this.endpoint.metrics.active.add(1);
    if (this.state === "idle") {
      this.endpoint.metrics.idle.add(-1);
      this.state = "head";
      this.#touch();
    }
  }

  sendHead(request: OutgoingRequest): void {
    this.#answer.expect(request);
    this.headSent = true;
    this.#chunking = request.framing === "content";
    const { limits } = this.context;
    this.#silenceMs = silenceLimitMs(request, "answer", limits);
    this.#tunnelSilenceMs = silenceLimitMs(request, "tunnel", limits);
    this.#sendSilenceMs = request.sendSilenceMs ?? 0;
    this.#requestComplete = request.framing === "none";
    this.#touch();
    if (this.#requestComplete) {
      if (!this.#transport.write(request.head, 0, request.headEnd)) request.keepHead();
    } else {
      output.append(this.#transport, request.head, 0, request.headEnd);
    }
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    this.#touch();
    if (!this.#chunking) {
      output.append(this.#transport, bytes, start, end);
      return;
    }
    if (start === end) return;
    output.head(this.#transport).chunkSize(end - start);
    output.append(this.#transport, bytes, start, end);
    output.head(this.#transport).crlf();
  }

  sendEnd(trailers: readonly HeaderField[]): void {
    if (this.#chunking && !this.#requestComplete) output.head(this.#transport).trailers(trailers);
    this.#requestComplete = true;
    if (this.#sendSilenceMs > 0) this.#touch();
  }

  flush(): void {
    output.flush();
    if (this.#sendSilenceMs > 0 && !this.#requestComplete) this.#touch();
  }

  halfClose(): void {
    output.flush();
    this.#transport.end();
  }

  pause(): void {
    this.#transport.pause();
    this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  resume(): void {
    this.#transport.resume();
    this.#touch();
  }

  bind(own: PrivateUpstreams): void {
    if (this.#own !== undefined) return;
    this.#own = own;
    own.adopt(this);
  }

  cancel(): void {
    this.#detach();
    this.destroy();
  }

  destroy(): void {
    if (this.state === "closed") return;
    if (this.state === "idle") this.endpoint.metrics.idle.add(-1);
    this.state = "closed";
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.context.deadlines.delete(this);
    this.#own?.drop(this);
    this.endpoint.dials.delete(this);
    this.#transport.destroy();
    this.endpoint.closeConnection();
  }

  onConnect(): void {
    if (this.state === "closed") return;
    this.#connectedMs = performance.now();
    this.endpoint.dials.delete(this);
    this.endpoint.onConnected();
    this.endpoint.metrics.dialled("ok").add(1);
    if (this.events === undefined) {
      this.#becomeIdle();
      return;
    }
    this.state = "head";
    this.#touch();
    this.events.onUpstreamReady();
  }

  onData(bytes: Buffer, start: number, end: number): void {
    const events = this.events;
    if (events === undefined) {
      // Nobody asked: whatever this is, it is no answer to the next request.
      this.#leaveIdle();
      return;
    }
    this.#touch();
    this.#answer.take(events, bytes, start, end);
  }

  onEnd(): void {
    const events = this.events;
    if (events === undefined) {
      this.#leaveIdle();
      return;
    }
    if (this.state === "tunnel") {
      this.#ended = true;
      events.onUpstreamHalfClose();
      return;
    }
    // Without an end of TLS, an end of TCP may be anybody's: what came may be a part.
    if (this.state === "body" && this.#answer.untilClose && !this.#transport.truncated) {
      this.complete(events);
      return;
    }
    this.fail("upstreamReset");
  }

  onDrain(): void {
    if (this.#sendSilenceMs > 0) this.#touch();
    this.events?.onUpstreamDrain();
  }

  onClose(error: Error | undefined): void {
    if (this.state === "closed") return;
    if (this.events === undefined) {
      this.#leaveIdle();
      return;
    }
    if (this.state === "tunnel" && this.#ended && error === undefined) {
      this.#answer.closes = true;
      this.complete(this.events);
      return;
    }
    if (this.state !== "connecting") {
      this.fail(lossOf(error));
      return;
    }
    this.#failToConnect(connectFailure(error, this.endpoint.tls === undefined ? "clear" : "tls"));
  }

  onBug(error: unknown): void {
    this.context.onBug(error);
  }

  onEndpointGone(): void {
    this.#failToConnect("endpointGone");
  }

  onDeadline(): void {
    switch (this.state) {
      case "connecting":
        this.#failToConnect("connectTimeout");
        return;
      case "idle":
        this.#leaveIdle();
        return;
      case "head":
      case "body":
      case "tunnel":
        this.fail("backendTimeout");
        return;
      case "closed":
    }
  }

  /** The endpoint agreed to switch protocols: bytes pass both ways from now on. */
  becomeTunnel(): void {
    this.state = "tunnel";
    this.#silenceMs = this.#tunnelSilenceMs;
    this.#sendSilenceMs = 0;
    this.#touch();
  }

  /** The answer is complete: the connection is free for the next one, or ends. */
  complete(events: UpstreamEvents): void {
    this.#detach();
    this.#served++;
    // An endpoint that answers before it has read the request may never read the rest of it.
    const usedUp = this.#answer.closes || !this.#requestComplete || this.#served >= this.endpoint.rules.maxRequests;
    if (usedUp || this.endpoint.retired) this.destroy();
    else this.#becomeIdle();
    events.onResponseEnd();
  }

  #failToConnect(kind: ConnectFailure): void {
    this.endpoint.onConnectFailed(kind, performance.now(), this.context.limits.endpointBackoffMs);
    this.endpoint.metrics.dialled(kind).add(1);
    this.fail(kind);
  }

  /** The exchange under way is over without an answer, or in the middle of one; the connection ends with it. */
  fail(kind: ProxyErrorKind): void {
    const events = this.events;
    const stale = this.reused && !this.#answer.begun && kind !== "backendTimeout";
    const progress: FailureProgress = !this.headSent ? "unsent" : stale ? "stale" : "sent";
    this.cancel();
    events?.onUpstreamFailure(kind, progress);
  }

  #detach(): void {
    if (this.events === undefined) return;
    this.events = undefined;
    this.endpoint.activeRequests--;
    this.endpoint.metrics.active.add(-1);
  }

  #becomeIdle(): void {
    const { limits, deadlines } = this.context;
    const { idle, rules } = this.endpoint;
    const idleMs = Math.min(rules.idleMs, this.#answer.keepAliveMs - keepAliveMarginMs, this.#leftMs());
    const wanted = this.#own === undefined ? idle.length < limits.idlePerEndpoint : this.#own.keeps(this);
    if (this.endpoint.retired || !wanted || idleMs <= 0) {
      this.destroy();
      return;
    }
    this.state = "idle";
    this.endpoint.metrics.idle.add(1);
    this.#transport.resume();
    this.deadlineMs = deadlines.after(idleMs);
    if (this.#own !== undefined) return;
    idle.push(this);
    rules.onRoom(this.endpoint);
  }

  /** Until it is too old for another request. Milliseconds. */
  #leftMs(): number {
    const { maxAgeMs } = this.endpoint.rules;
    if (maxAgeMs === Number.POSITIVE_INFINITY) return maxAgeMs;
    return this.#connectedMs + maxAgeMs - performance.now();
  }

  #leaveIdle(): void {
    const { idle } = this.endpoint;
    const index = idle.indexOf(this);
    if (index >= 0) idle.splice(index, 1);
    this.destroy();
  }

  /** Something moved: the endpoint has its time again. */
  #touch(): void {
    this.deadlineMs = this.context.deadlines.after(this.#patienceMs());
  }

  #patienceMs(): number {
    if (this.#sendSilenceMs === 0) return this.#silenceMs;
    if (this.#transport.congested) return this.#sendSilenceMs;
    return this.#requestComplete || this.#answer.begun ? this.#silenceMs : Number.POSITIVE_INFINITY;
  }
}
