import { ChunkReader, scanChunks } from "../../wire/http1/chunked.ts";
import type { HeadLimits } from "../../wire/http1/message-head.ts";
import { parseResponseHead, type ResponseBody, ResponseHead } from "../../wire/http1/response-head.ts";
import type { Deadlined, Deadlines } from "../deadlines.ts";
import type { ProxyErrorKind } from "../error.ts";
import type { ProxyLimits } from "../limits.ts";
import { type ConnectEvents, connect } from "../transport/connect.ts";
import { output } from "../transport/output.ts";
import type { Transport } from "../transport/transport.ts";
import { type ConnectFailure, connectFailure } from "./connect-failure.ts";
import type { EndpointState } from "./endpoint-state.ts";
import type { FailureProgress, OutgoingRequest, UpstreamEvents, UpstreamExchange } from "./exchange.ts";

/** What connections of one plane need of it. */
export type UpstreamContext = {
  readonly limits: ProxyLimits;
  readonly responseLimits: HeadLimits;
  readonly deadlines: Deadlines;
  /** Told of exceptions that never should happen. */
  readonly onBug: (error: unknown) => void;
};

/** Interim answers that one request may get: more is an endpoint gone mad. */
const maxInterim = 16;

/** Parses whole heads of all connections of a thread; a connection whose head comes in pieces keeps it and leaves another. */
let sharedHead = new ResponseHead();

type State = "connecting" | "idle" | "head" | "body" | "tunnel" | "closed";

/** One HTTP/1.1 connection to an endpoint; one exchange at a time. */
export class UpstreamConnection implements UpstreamExchange, ConnectEvents, Deadlined {
  readonly endpoint: EndpointState;
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly #context: UpstreamContext;
  readonly #transport: Transport;
  #state: State = "connecting";
  #events: UpstreamEvents | undefined;
  /** Answers completed. */
  #served = 0;
  #method = "";
  #upgrade = false;
  #headSent = false;
  #requestComplete = false;
  #gotBytes = false;
  #interim = 0;
  /** The answer says that the connection ends with it. */
  #close = false;
  #body: ResponseBody = "none";
  #left = 0;
  /** The endpoint half-closed its side of a tunnel. */
  #ended = false;
  #chunks: ChunkReader | undefined;
  #partial: Buffer | undefined;
  #partialHead: ResponseHead | undefined;

  constructor(endpoint: EndpointState, connectTimeoutMs: number, context: UpstreamContext) {
    this.endpoint = endpoint;
    this.#context = context;
    endpoint.connections++;
    this.#transport = connect(endpoint, this);
    context.deadlines.add(this);
    this.deadlineMs = context.deadlines.after(connectTimeoutMs);
  }

  get ready(): boolean {
    return this.#state !== "connecting";
  }

  get congested(): boolean {
    return this.#transport.congested;
  }

  get queuedBytes(): number {
    return this.#transport.queuedBytes + (this.#partial?.length ?? 0);
  }

  /** Takes the connection for an exchange. */
  begin(events: UpstreamEvents): void {
    this.#events = events;
    this.#headSent = false;
    this.#requestComplete = false;
    this.#gotBytes = false;
    this.#interim = 0;
    this.endpoint.activeRequests++;
    this.endpoint.metrics.active.add(1);
    if (this.#state === "idle") {
      this.endpoint.metrics.idle.add(-1);
      this.#state = "head";
      this.#touch();
    }
  }

  sendHead(request: OutgoingRequest): void {
    this.#method = request.method;
    this.#upgrade = request.upgrade;
    this.#headSent = true;
    this.#touch();
    if (request.framing === "none") {
      this.#requestComplete = true;
      if (!this.#transport.write(request.head, 0, request.headEnd)) request.keepHead();
    } else {
      output.append(this.#transport, request.head, 0, request.headEnd);
    }
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    this.#touch();
    output.append(this.#transport, bytes, start, end);
  }

  sendEnd(): void {
    this.#requestComplete = true;
  }

  flush(): void {
    output.flush();
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

  cancel(): void {
    this.#detach();
    this.destroy();
  }

  destroy(): void {
    if (this.#state === "closed") return;
    if (this.#state === "idle") this.endpoint.metrics.idle.add(-1);
    this.#state = "closed";
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#context.deadlines.delete(this);
    this.endpoint.connections--;
    this.#transport.destroy();
  }

  onConnect(): void {
    if (this.#state === "closed") return;
    this.endpoint.onConnected();
    this.endpoint.metrics.dialled("ok").add(1);
    if (this.#events === undefined) {
      this.#becomeIdle();
      return;
    }
    this.#state = "head";
    this.#touch();
    this.#events.onUpstreamReady();
  }

  onData(bytes: Buffer, start: number, end: number): void {
    const events = this.#events;
    if (events === undefined) {
      // Nobody asked: whatever this is, it is no answer to the next request.
      this.#leaveIdle();
      return;
    }
    this.#gotBytes = true;
    this.#touch();
    let at = start;
    let limit = end;
    let source = bytes;
    if (this.#state === "head") {
      if (this.#partial !== undefined) {
        source = Buffer.concat([this.#partial, bytes.subarray(start, end)]);
        this.#partial = undefined;
        at = 0;
        limit = source.length;
      }
      at = this.#readHeads(events, source, at, limit);
      if (this.#events !== events) return;
    }
    if (at < limit) {
      if (this.#state === "body") this.#readBody(events, source, at, limit);
      else if (this.#state === "tunnel") events.onResponseBody(source, at, limit);
      if (this.#events !== events) return;
    }
    events.onResponsePause();
  }

  onEnd(): void {
    const events = this.#events;
    if (events === undefined) {
      this.#leaveIdle();
      return;
    }
    if (this.#state === "tunnel") {
      this.#ended = true;
      events.onUpstreamHalfClose();
      return;
    }
    if (this.#state === "body" && this.#body === "untilClose") {
      this.#complete(events);
      return;
    }
    this.#fail("upstreamReset");
  }

  onDrain(): void {
    this.#events?.onUpstreamDrain();
  }

  onClose(error: Error | undefined): void {
    if (this.#state === "closed") return;
    if (this.#events === undefined) {
      this.#leaveIdle();
      return;
    }
    if (this.#state === "tunnel" && this.#ended && error === undefined) {
      this.#close = true;
      this.#complete(this.#events);
      return;
    }
    if (this.#state !== "connecting") {
      this.#fail("upstreamReset");
      return;
    }
    this.#failToConnect(connectFailure(error, this.endpoint.tls === undefined ? "clear" : "tls"));
  }

  onBug(error: unknown): void {
    this.#context.onBug(error);
  }

  onDeadline(): void {
    switch (this.#state) {
      case "connecting":
        this.#failToConnect("connectTimeout");
        return;
      case "idle":
        this.#leaveIdle();
        return;
      case "head":
      case "body":
      case "tunnel":
        this.#fail("backendTimeout");
        return;
      case "closed":
    }
  }

  /** Reads heads up to the final one. Returns where the body begins; `end` when more is needed. */
  #readHeads(events: UpstreamEvents, bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      const head = this.#partialHead ?? sharedHead;
      const next = parseResponseHead(bytes, at, end, head, this.#context.responseLimits);
      if (next < 0) {
        head.reset();
        this.#fail("upstreamGarbage");
        return end;
      }
      if (next === 0) {
        this.#partial = Buffer.from(bytes.subarray(at, end));
        if (this.#partialHead === undefined) {
          this.#partialHead = head;
          sharedHead = new ResponseHead();
        }
        return end;
      }
      this.#partialHead = undefined;
      at = next;
      if (head.status >= 200) {
        if (!this.#headSent) this.#fail("upstreamGarbage");
        else this.#beginBody(events, bytes, head, at, end);
        return at;
      }
      if (head.status === 101) {
        if (!this.#upgrade) {
          this.#fail("upstreamGarbage");
          return end;
        }
        this.#state = "tunnel";
        this.deadlineMs = this.#context.deadlines.after(this.#context.limits.tunnelIdleMs);
        events.onUpgraded(bytes, head);
        return at;
      }
      if (++this.#interim > maxInterim) {
        this.#fail("upstreamGarbage");
        return end;
      }
      // The client's 100 is our affair: it has had one, or did not wait for one.
      if (head.status !== 100) events.onInformational(bytes, head);
    }
    return at;
  }

  #beginBody(events: UpstreamEvents, bytes: Buffer, head: ResponseHead, at: number, end: number): void {
    this.#body = head.body(this.#method);
    this.#close = head.close || this.#body === "untilClose";
    this.#left = head.contentLength;
    if (this.#body === "chunked") {
      this.#chunks ??= new ChunkReader();
      this.#chunks.reset();
    }
    this.#state = "body";
    events.onResponseHead(bytes, head);
    if (this.#events !== events || this.#body !== "none") return;
    // Bytes after an answer without a body belong to nothing.
    if (at < end) this.#close = true;
    this.#complete(events);
  }

  #readBody(events: UpstreamEvents, bytes: Buffer, start: number, end: number): void {
    let until = end;
    let complete = false;
    if (this.#body === "length") {
      until = Math.min(end, start + this.#left);
      this.#left -= until - start;
      complete = this.#left === 0;
    } else if (this.#body === "chunked") {
      until = scanChunks(this.#chunks!, bytes, start, end);
      if (until < 0) {
        this.#fail("upstreamGarbage");
        return;
      }
      complete = this.#chunks!.done;
    }
    events.onResponseBody(bytes, start, until);
    if (!complete || this.#events !== events) return;
    if (until < end) this.#close = true;
    this.#complete(events);
  }

  #complete(events: UpstreamEvents): void {
    this.#detach();
    this.#served++;
    // An endpoint that answers before it has read the request may never read the rest of it.
    if (this.#close || !this.#requestComplete || this.endpoint.retired) this.destroy();
    else this.#becomeIdle();
    events.onResponseEnd();
  }

  #failToConnect(kind: ConnectFailure): void {
    this.endpoint.onConnectFailed(performance.now(), this.#context.limits.endpointBackoffMs);
    this.endpoint.metrics.dialled(kind).add(1);
    this.#fail(kind);
  }

  #fail(kind: ProxyErrorKind): void {
    const events = this.#events;
    const progress: FailureProgress = !this.#headSent
      ? "unsent"
      : this.#served > 0 && !this.#gotBytes
        ? "stale"
        : "sent";
    this.cancel();
    events?.onUpstreamFailure(kind, progress);
  }

  #detach(): void {
    if (this.#events === undefined) return;
    this.#events = undefined;
    this.endpoint.activeRequests--;
    this.endpoint.metrics.active.add(-1);
  }

  #becomeIdle(): void {
    const { idle } = this.endpoint;
    if (this.endpoint.retired || idle.length >= this.#context.limits.idlePerEndpoint) {
      this.destroy();
      return;
    }
    this.#state = "idle";
    this.endpoint.metrics.idle.add(1);
    this.#transport.resume();
    this.deadlineMs = this.#context.deadlines.after(this.#context.limits.upstreamIdleMs);
    idle.push(this);
  }

  #leaveIdle(): void {
    const { idle } = this.endpoint;
    const index = idle.indexOf(this);
    if (index >= 0) idle.splice(index, 1);
    this.destroy();
  }

  /** Something moved: the endpoint has its time again. */
  #touch(): void {
    const { limits, deadlines } = this.#context;
    this.deadlineMs = deadlines.after(this.#state === "tunnel" ? limits.tunnelIdleMs : limits.responseStallMs);
  }
}
