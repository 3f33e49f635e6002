import { grpcStatusIn } from "../../wire/grpc-status-field.ts";
import type { AnswerHead } from "../../wire/head/answer-head.ts";
import { isConnectionLogin } from "../../wire/http1/connection-login.ts";
import { ResponseField } from "../../wire/http1/known-field.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import { type ProxyErrorKind, proxyErrors } from "../error.ts";
import type { Exchange } from "../exchange.ts";
import type { BackendRuntime } from "../route-runtime.ts";
import type { Pin } from "../session-token.ts";
import type { EndpointState } from "../upstream/endpoint-state.ts";
import type { FailureProgress, UpstreamEvents, UpstreamExchange } from "../upstream/exchange.ts";
import { openExchange, type Reuse } from "../upstream/pool.ts";

const noPins: readonly Pin[] = [];

/** RFC 9110 section 9.2.2. */
const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Brings a request to an endpoint of its backend, and to another one where that is allowed, until one of them answers. */
export class Attempts implements UpstreamEvents {
  /** When the first began, on the clock of `performance.now`; 0: none has. */
  startMs = 0;
  /** Attempts that the rule's `retry` allowed, beyond the first. */
  retries = 0;
  /** The sessions that the request brought. */
  pins: readonly Pin[] = noPins;
  readonly #exchange: Exchange;
  #upstream: UpstreamExchange | undefined;
  #headSent = false;
  /** The endpoint is to wait: the client takes no more for now. */
  #paused = false;
  #connectAttempts = 0;
  /** Nothing has come of the request's body: no endpoint is asked for a place yet. */
  #holding = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** What takes the request's bytes; `undefined` while nothing of it was sent. */
  get taker(): UpstreamExchange | undefined {
    return this.#headSent ? this.#upstream : undefined;
  }

  /** Bytes that wait to be sent to the endpoint. */
  get queuedBytes(): number {
    return this.#upstream?.queuedBytes ?? 0;
  }

  /** Makes ready for another request. */
  reset(): void {
    this.startMs = 0;
    this.retries = 0;
    this.pins = noPins;
    this.#headSent = false;
    this.#paused = false;
    this.#connectAttempts = 0;
    this.#holding = false;
  }

  /** Asks the backend: all filters have seen the request. */
  begin(backend: BackendRuntime): void {
    const exchange = this.#exchange;
    const { request } = exchange;
    const cluster = backend.cluster!;
    if (cluster.broken !== undefined) {
      exchange.fail(cluster.broken);
      return;
    }
    this.pins = backend.session === undefined ? noPins : backend.session.pinsOf(request, Date.now());
    request.serialise(cluster.cluster.protocol);
    request.release();
    exchange.body.startMirrors();
    exchange.body.hold();
    this.#holding = cluster.cluster.protocol === "http1" && !exchange.body.begun;
    if (!this.#holding) this.#start();
    else if (request.framing === "chunked" || request.framing === "content") {
      this.#timer = setTimeout(onHeldLong, exchange.context.limits.bodyHoldMs, this);
    }
  }

  /**
   * The first of the body is there. A connection of HTTP/1.1 is the request's alone, so a client that has nothing to send is not
   * given one; the streams of HTTP/2 are many, and calls expect their head to arrive ahead of their messages.
   */
  onBodyBegun(): void {
    if (!this.#holding) return;
    this.#holding = false;
    this.clearTimer();
    this.#start();
  }

  /** The client of a body without a length sends nothing: perhaps it waits for the backend's first word. */
  onHeldLong(): void {
    this.onBodyBegun();
    this.flush();
  }

  #start(): void {
    this.startMs = performance.now();
    this.#exchange.backend!.cluster!.budget?.onRequest(this.startMs);
    this.#attempt(undefined, "idle");
  }

  /** Everything of one read of the client has been handed over. */
  flush(): void {
    const upstream = this.taker;
    if (upstream === undefined) return;
    upstream.flush();
    if (!upstream.congested) this.#exchange.body.resume();
  }

  /** The client takes bytes again. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#upstream?.resume();
  }

  /** Ends the client's side of a tunnel. */
  halfClose(): void {
    this.#upstream?.halfClose();
  }

  /** Gives up the attempt under way. */
  drop(): void {
    this.#letGo()?.cancel();
  }

  /** The endpoint has nothing more to do with the request. */
  #letGo(): UpstreamExchange | undefined {
    const upstream = this.#upstream;
    upstream?.endpoint.uploads.delete(this.#exchange.body);
    this.#upstream = undefined;
    return upstream;
  }

  clearTimer(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  // What the endpoint does.

  get takesChunks(): boolean {
    return this.#exchange.responder.takesChunks;
  }

  onUpstreamReady(): void {
    this.#send();
    this.flush();
  }

  onInformational(head: AnswerHead): void {
    this.#exchange.responder.respondInformational(head);
  }

  onResponseHead(head: AnswerHead): void {
    if (this.#exchange.route!.rule.retryCodes.has(head.status)) {
      const may = this.#mayRetry();
      if (may !== "no") {
        this.#exchange.record.spans?.endAttempt({ status: head.status, error: "" });
        this.drop();
        if (may === "yes") this.#retryLater(String(head.status));
        else this.#exchange.fail("retryBudget");
        return;
      }
    }
    const upstream = this.#upstream!;
    if (head.has(ResponseField.wwwAuthenticate) && isConnectionLogin(head.header("www-authenticate"))) {
      upstream.bind(this.#exchange.peer.upstreams);
    }
    this.#exchange.answer.relay(head, upstream.endpoint);
  }

  onUpgraded(head: AnswerHead): void {
    this.#exchange.answer.upgrade(head, this.#upstream!.endpoint);
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    if (this.#exchange.phase === "tunnel") this.#exchange.goodbye.follow(bytes, start, end);
    this.#exchange.responder.sendBody(bytes, start, end);
  }

  onResponseTrailers(trailers: readonly HeaderField[]): void {
    const { outcome, responder } = this.#exchange;
    if (outcome.grpc) outcome.onGrpcStatus(grpcStatusIn(trailers));
    responder.sendTrailers(trailers);
  }

  onResponsePause(): void {
    const { responder } = this.#exchange;
    responder.flush();
    if (this.#paused || !responder.congested) return;
    this.#paused = true;
    this.#upstream?.pause();
  }

  onResponseEnd(): void {
    this.#letGo();
    this.#exchange.responder.sendEnd();
    this.#exchange.finish();
  }

  onUpstreamDrain(): void {
    this.#exchange.body.resume();
  }

  onUpstreamHalfClose(): void {
    this.#exchange.responder.halfClose();
  }

  onUpstreamFailure(kind: ProxyErrorKind, progress: FailureProgress): void {
    const exchange = this.#exchange;
    const failed = this.#letGo()!.endpoint;
    const sending = exchange.phase === "sending";
    exchange.record.spans?.endAttempt({ status: sending ? 0 : exchange.outcome.status, error: kind });
    if (!sending) {
      exchange.fail(kind);
      return;
    }
    clearTimeout(this.#timer);
    const { request } = exchange;
    const whole = request.framing === "none" || exchange.body.replayable;
    if (progress === "stale" && whole && idempotent.has(request.method)) {
      this.#again(undefined, "never");
      return;
    }
    // Endpoints that leave are not counted: each can do so but once.
    const more =
      kind === "endpointGone" || this.#connectAttempts < exchange.backend!.cluster!.cluster.traffic.connectAttempts;
    if (progress === "refused" && whole && more) this.#again(undefined, "idle");
    else if (progress === "unsent" && more && this.#hasOther(failed)) this.#again(failed, "idle");
    else if (proxyErrors[kind].retry === "allowed") this.#retryOr(kind, failed);
    else exchange.fail(kind);
  }

  /** The time of one attempt is over. */
  onTimeout(): void {
    if (this.#exchange.phase !== "sending") {
      this.#exchange.fail("backendTimeout");
      return;
    }
    this.#exchange.record.spans?.endAttempt({ status: 0, error: "backendTimeout" });
    this.drop();
    this.#retryOr("backendTimeout");
  }

  /** The pause before another attempt is over. */
  onRetry(failed: EndpointState | undefined): void {
    this.#again(failed, "idle");
  }

  /** Another attempt, after the events of the client's last read are long over. */
  #again(avoid: EndpointState | undefined, reuse: Reuse): void {
    this.#attempt(avoid, reuse);
    this.flush();
  }

  #attempt(avoid: EndpointState | undefined, reuse: Reuse): void {
    const exchange = this.#exchange;
    const { record } = exchange;
    const backend = exchange.backend!;
    const cluster = avoid === undefined ? backend.cluster! : backend.cluster!.latest;
    const pinned =
      backend.session?.find(this.pins, cluster.endpoints, this.startMs) ??
      exchange.peer.upstreams.among(cluster.endpoints);
    const endpoint = pinned !== undefined && pinned !== avoid ? pinned : cluster.choose(this.startMs, avoid);
    if (endpoint === undefined) {
      exchange.fail("noEndpoints");
      return;
    }
    exchange.phase = "sending";
    this.#headSent = false;
    this.#connectAttempts++;
    record.upstream = endpoint.label;
    const upstream = this.#open(endpoint, reuse);
    if (upstream === undefined) {
      exchange.fail("overflow");
      return;
    }
    this.#upstream = upstream;
    if (!exchange.body.complete) endpoint.uploads.add(exchange.body);
    if (record.spans !== undefined) exchange.request.setParentId(record.spans.beginAttempt(endpoint));
    const { backendRequestMs } = exchange.route!.rule.rule.timeouts;
    if (backendRequestMs > 0) this.#timer = setTimeout(onTimeout, backendRequestMs, this);
    if (upstream.ready) this.#send();
  }

  /** A place at the endpoint; at a full one, that of a request that waits for its client. */
  #open(endpoint: EndpointState, reuse: Reuse): UpstreamExchange | undefined {
    const { context, backend, request, body, peer } = this.#exchange;
    const { connectTimeoutMs } = backend!.cluster!.cluster.traffic;
    const options = { context, connectTimeoutMs, reuse, own: peer.upstreams };
    const upstream = openExchange(endpoint, request, this, options);
    if (upstream !== undefined) return upstream;
    const roomMade = endpoint.uploads.makeRoom(body.clientAddress, performance.now(), context.limits.bodyPatienceMs);
    return roomMade ? openExchange(endpoint, request, this, options) : undefined;
  }

  /** Sends the head and what is there of the body. */
  #send(): void {
    const upstream = this.#upstream!;
    const { request, body } = this.#exchange;
    upstream.sendHead(request);
    this.#headSent = true;
    if (request.framing === "none") return;
    upstream.sendBody(body.buffer.bytes, 0, body.buffer.length);
    if (body.complete) upstream.sendEnd(body.trailers);
    // An endpoint of HTTP/2 may refuse a stream that it did not look at, and a connection may turn out to be closed: the body is
    // kept for that.
    if (upstream.endpoint.protocol === "http2" || (upstream.reused && idempotent.has(request.method))) return;
    const retry = this.#exchange.route!.rule.rule.retry;
    if (retry === undefined || this.retries >= retry.attempts) body.forget();
  }

  #hasOther(failed: EndpointState): boolean {
    return this.#exchange.backend!.cluster!.latest.endpoints.some((endpoint) => endpoint !== failed);
  }

  /** `overBudget`: the rule allows another attempt and the backend's budget does not. Spec: retryConstraint, GEP-3388. */
  #mayRetry(): "yes" | "no" | "overBudget" {
    const { route, request, body, backend } = this.#exchange;
    const retry = route!.rule.rule.retry;
    if (retry === undefined || this.retries >= retry.attempts) return "no";
    if (request.framing !== "none" && !body.replayable) return "no";
    const budget = backend!.cluster!.budget;
    return budget === undefined || budget.take(performance.now()) ? "yes" : "overBudget";
  }

  /** Another attempt, or the end of the request with `kind`. */
  #retryOr(kind: ProxyErrorKind, failed?: EndpointState): void {
    const may = this.#mayRetry();
    if (may === "yes") this.#retryLater(kind, failed);
    else this.#exchange.fail(may === "overBudget" ? "retryBudget" : kind);
  }

  #retryLater(reason: string, failed?: EndpointState): void {
    const { context, route, backend } = this.#exchange;
    const { rule } = route!.rule;
    clearTimeout(this.#timer);
    this.#exchange.phase = "waiting";
    this.#headSent = false;
    const factor = 2 ** this.retries;
    this.retries++;
    context.telemetry
      .counter("gateway_http_retries_total", rule.routeKind, rule.namespace, rule.name, backend!.name, reason)
      .add(1);
    const backoffMs = rule.retry!.backoffMs * factor;
    this.#timer = setTimeout(onRetry, backoffMs, this, failed);
  }
}

function onTimeout(attempts: Attempts): void {
  attempts.onTimeout();
}

function onHeldLong(attempts: Attempts): void {
  attempts.onHeldLong();
}

function onRetry(attempts: Attempts, failed: EndpointState | undefined): void {
  attempts.onRetry(failed);
}
