import { grpcStatusIn, parseGrpcStatus } from "../../wire/grpc-status-field.ts";
import type { AnswerHead } from "../../wire/head/answer-head.ts";
import { isConnectionLogin } from "../../wire/http1/connection-login.ts";
import { ResponseField } from "../../wire/http1/known-field.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import { type ProxyErrorKind, proxyErrors } from "../error.ts";
import { grpcStatus } from "../grpc-status.ts";
import type { PlaneContext } from "../plane-context.ts";
import type { Responder } from "../responder.ts";
import type { BackendRuntime } from "../route-runtime.ts";
import type { Waiter } from "../upstream/breaker/waiting-line.ts";
import type { EndpointState } from "../upstream/endpoint-state.ts";
import type { FailureProgress, UpstreamEvents, UpstreamExchange } from "../upstream/exchange.ts";
import { type EndpointResult, resultOfFailure, resultOfGrpc } from "../upstream/outlier/endpoint-result.ts";
import { openExchange, type Reuse } from "../upstream/pool.ts";
import { backoffMs } from "../upstream/retry/backoff.ts";
import { failureOf } from "../upstream/retry/failed-attempt.ts";
import type { Answer } from "./answer.ts";
import { BackendRoom } from "./backend-room.ts";
import { EndpointChoice, type EndpointChoiceHost } from "./endpoint-choice.ts";
import { type ExchangeState, transition } from "./exchange-state.ts";
import type { HeldBody } from "./held-body.ts";

/** What attempts need of their exchange. */
export interface AttemptsHost extends EndpointChoiceHost {
  readonly context: PlaneContext;
  readonly state: ExchangeState;
  readonly body: HeldBody;
  readonly answer: Answer;
  readonly responder: Pick<Responder, "respondInformational" | "halfClose">;
  /** What an endpoint's events go through on their way to {@link Attempts}. */
  readonly events: UpstreamEvents;
  /** An endpoint was chosen, is asked, or has answered or failed: for logs and spans. */
  onEndpoint(endpoint: EndpointState): void;
  onAttempt(endpoint: EndpointState): void;
  onAttemptEnded(end: { readonly status: number; readonly error: string }): void;
  fail(kind: ProxyErrorKind): void;
  onBug(error: unknown): void;
}

/** RFC 9110 section 9.2.2. */
const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Brings a request to an endpoint of its backend, and to another one where that is allowed, until one of them answers. */
export class Attempts implements UpstreamEvents, Waiter<EndpointState> {
  /** When the first began, on the clock of `performance.now`; 0: none has. */
  startMs = 0;
  /** Attempts that the rule's `retry` allowed, beyond the first. */
  retries = 0;
  /** Endpoints that were asked, counting each time. */
  count = 0;
  /** Which endpoint is asked next. */
  readonly choice: EndpointChoice;
  /** What the request has of the limits of its backend's policy. */
  readonly #room = new BackendRoom();
  readonly #host: AttemptsHost;
  #upstream: UpstreamExchange | undefined;
  #headSent = false;
  /** The endpoint is to wait: the client takes no more for now. */
  #paused = false;
  #connectAttempts = 0;
  /** Nothing has come of the request's body: no endpoint is asked for a place yet. */
  #holding = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: AttemptsHost) {
    this.#host = host;
    this.choice = new EndpointChoice(host);
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
    this.count = 0;
    this.choice.hint = undefined;
    this.#headSent = false;
    this.#paused = false;
    this.#connectAttempts = 0;
    this.#holding = false;
  }

  /** Asks the backend: all filters have seen the request, and its head is written. */
  begin(backend: BackendRuntime): void {
    const { body, state, context } = this.#host;
    const { cluster } = backend.cluster!;
    this.#holding = cluster.protocol === "http1" && !body.begun;
    if (!this.#holding) this.#start();
    else if (state.request.framing === "chunked" || state.request.framing === "content") {
      this.#timer = setTimeout(onHeldLong, context.limits.bodyHoldMs, this);
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

  /** Does what a timer is for; what it throws ends the exchange. */
  guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#host.onBug(error);
    }
  }

  #start(): void {
    this.startMs = performance.now();
    this.#host.state.backend!.cluster!.budget?.onRequest(this.startMs);
    this.#attempt(undefined, "idle");
  }

  /** Everything of one read of the client has been handed over. */
  flush(): void {
    const upstream = this.taker;
    if (upstream === undefined) return;
    upstream.flush();
    if (!upstream.congested) this.#host.body.resume("endpoint");
  }

  /** The answer is not taken for now: the endpoint is to wait. */
  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#upstream?.pause();
  }

  /** The answer is taken again. */
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
    this.#room.stopWaiting(this);
    this.#letGo()?.cancel();
  }

  /** Nothing more comes of the request. */
  end(): void {
    this.#room.leave();
  }

  /** Another request has left a connection to the endpoint, or room for one. */
  onPlace(place: EndpointState): boolean {
    const { breaker, serving } = this.#host.state.backend!.cluster!.latest.traffic!;
    if (breaker!.limits.parallelRequests.full) return false;
    const endpoint = serving.includes(place) ? place : this.choice.choose(this.startMs, undefined);
    const upstream = endpoint && this.#open(endpoint, "idle");
    if (upstream === undefined) return false;
    this.#room.stopWaiting(this);
    this.#room.takeRequest(breaker);
    this.guard(() => {
      this.#host.onEndpoint(upstream.endpoint);
      this.#begin(upstream);
      this.flush();
    });
    return true;
  }

  /** The endpoint has nothing more to do with the request. */
  #letGo(): UpstreamExchange | undefined {
    const upstream = this.#upstream;
    upstream?.endpoint.uploads.delete(this.#host.body);
    this.#upstream = undefined;
    this.#room.giveRequest();
    return upstream;
  }

  clearTimer(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  // What the endpoint does.

  get takesChunks(): boolean {
    return this.#host.answer.takesChunks;
  }

  onUpstreamReady(): void {
    this.#send();
    this.flush();
  }

  onInformational(head: AnswerHead): void {
    this.#host.responder.respondInformational(head);
  }

  onResponseHead(head: AnswerHead): void {
    this.#learnFrom(head);
    if (this.#isRetried(head)) {
      const may = this.#mayRetry("sent");
      if (may !== "no") {
        this.#host.onAttemptEnded({ status: head.status, error: "" });
        this.drop();
        if (may === "yes") this.#retryLater(String(head.status));
        else this.#host.fail("retryBudget");
        return;
      }
    }
    const upstream = this.#upstream!;
    if (head.has(ResponseField.wwwAuthenticate) && isConnectionLogin(head.header("www-authenticate"))) {
      upstream.bind(this.#host.upstreams);
    }
    this.#host.answer.relay("relay", head, upstream.endpoint);
  }

  #isRetried(head: AnswerHead): boolean {
    const { retryCodes, retryGrpcCodes } = this.#host.state.route!.rule;
    if (retryCodes.has(head.status)) return true;
    return retryGrpcCodes.size > 0 && retryGrpcCodes.has(head.known(ResponseField.grpcStatus) ?? "");
  }

  onUpgraded(head: AnswerHead): void {
    this.#host.answer.relay("upgrade", head, this.#upstream!.endpoint);
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    this.#host.answer.onBody(bytes, start, end);
  }

  onResponseTrailers(trailers: readonly HeaderField[]): void {
    const { outcome } = this.#host.state;
    if (outcome.grpc) {
      const status = grpcStatusIn(trailers);
      outcome.onGrpcStatus(status);
      this.#learn(resultOfGrpc(status ?? grpcStatus.UNKNOWN));
    }
    this.#host.answer.onTrailers(trailers);
  }

  onResponsePause(): void {
    this.#host.answer.onPause();
  }

  onResponseEnd(): void {
    this.#letGo();
    this.#host.answer.onEnd();
  }

  onUpstreamDrain(): void {
    this.#host.body.resume("endpoint");
  }

  onUpstreamHalfClose(): void {
    this.#host.responder.halfClose();
  }

  onUpstreamFailure(kind: ProxyErrorKind, progress: FailureProgress): void {
    const host = this.#host;
    const { state, body } = host;
    this.#learn(resultOfFailure(kind));
    const failed = this.#letGo()!.endpoint;
    const sending = state.phase === "sending";
    host.onAttemptEnded({ status: sending ? 0 : state.outcome.status, error: kind });
    if (!sending) {
      host.fail(kind);
      return;
    }
    clearTimeout(this.#timer);
    const { request } = state;
    const { traffic } = state.backend!.cluster!;
    // The connection that it waited for takes less than was thought.
    if (kind === "overflow" && traffic !== undefined && this.#room.wait(traffic, this)) return;
    const whole = request.framing === "none" || body.replayable;
    if (progress === "stale") {
      // Those beside it are closed, too, or about to be.
      failed.closeIdle();
      const { triggers } = state.route!.rule.rule.retry ?? {};
      // Where lost connections count as attempts, so does this one.
      if (triggers?.failures.includes("reset") !== true && whole && idempotent.has(request.method)) {
        this.#again(undefined, "never");
        return;
      }
    }
    // Endpoints that leave are not counted: each can do so but once.
    const more =
      kind === "endpointGone" || this.#connectAttempts < state.backend!.cluster!.cluster.traffic.connectAttempts;
    if (progress === "refused" && whole && more) this.#again(undefined, "idle");
    else if (progress === "unsent" && more && this.#hasOther(failed)) this.#again(failed, "idle");
    else this.#retryOr(kind, progress, failed);
  }

  /** The time of one attempt is over. */
  onTimeout(): void {
    if (this.#host.state.phase !== "sending") {
      this.#host.fail("backendTimeout");
      return;
    }
    this.#host.onAttemptEnded({ status: 0, error: "backendTimeout" });
    this.#learn("timeout");
    this.drop();
    this.#retryOr("backendTimeout", "sent", undefined);
  }

  /** The time of the whole request is over: the endpoint that is being waited for was too slow. */
  onTimeLimit(): void {
    if (this.#host.state.phase === "sending" && this.#upstream !== undefined) this.#learn("timeout");
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
    const host = this.#host;
    const { endpoints, traffic } = this.choice.cluster(avoid);
    const endpoint = this.choice.choose(this.startMs, avoid);
    if (endpoint === undefined) {
      host.fail(endpoints.length === 0 ? "noEndpoints" : "noFitEndpoints");
      return;
    }
    transition(host.state, "attempt");
    this.#headSent = false;
    this.#connectAttempts++;
    this.count++;
    host.onEndpoint(endpoint);
    if (!this.#room.takeRequest(traffic?.breaker)) {
      host.fail("circuitOpen");
      return;
    }
    const upstream = this.#open(endpoint, reuse);
    if (upstream !== undefined) this.#begin(upstream);
    else if (traffic === undefined || !this.#room.wait(traffic, this)) host.fail("overflow");
  }

  /** A call has its outcome in its trailers, but for those that end with their head. */
  #learnFrom(head: AnswerHead): void {
    const { backend, outcome } = this.#host.state;
    if (backend!.cluster!.traffic === undefined) return;
    if (!outcome.grpc || head.status !== 200) this.#learn(head.status);
    else if (head.has(ResponseField.grpcStatus)) {
      this.#learn(resultOfGrpc(parseGrpcStatus(head.known(ResponseField.grpcStatus)) ?? grpcStatus.UNKNOWN));
    }
  }

  /** What came of the attempt says something about its endpoint. */
  #learn(result: EndpointResult | undefined): void {
    const { traffic } = this.#host.state.backend!.cluster!;
    if (traffic !== undefined && result !== undefined) {
      traffic.onResult(this.#upstream!.endpoint, result, performance.now());
    }
  }

  /** The request goes to an endpoint. */
  #begin(upstream: UpstreamExchange): void {
    const host = this.#host;
    const { state, body } = host;
    const { endpoint } = upstream;
    host.onAttempt(endpoint);
    this.#upstream = upstream;
    if (!body.complete) endpoint.uploads.add(body);
    const { backendRequestMs } = state.route!.rule.rule.timeouts;
    if (backendRequestMs > 0) this.#timer = setTimeout(onTimeout, backendRequestMs, this);
    if (upstream.ready) this.#send();
  }

  /** A place at the endpoint; at a full one, that of a request that waits for its client. */
  #open(endpoint: EndpointState, reuse: Reuse): UpstreamExchange | undefined {
    const { context, state, body, upstreams, events } = this.#host;
    const { connectTimeoutMs } = state.backend!.cluster!.cluster.traffic;
    const options = { context, connectTimeoutMs, reuse, own: upstreams };
    const upstream = openExchange(endpoint, state.request, events, options);
    if (upstream !== undefined) return upstream;
    const roomMade = endpoint.uploads.makeRoom(body.clientAddress, performance.now(), context.limits.bodyPatienceMs);
    return roomMade ? openExchange(endpoint, state.request, events, options) : undefined;
  }

  /** Sends the head and what is there of the body. */
  #send(): void {
    const upstream = this.#upstream!;
    const { state, body } = this.#host;
    const { request } = state;
    upstream.sendHead(request);
    this.#headSent = true;
    if (request.framing === "none") return;
    upstream.sendBody(body.buffer.bytes, 0, body.buffer.length);
    if (body.complete) upstream.sendEnd(body.trailers);
    // An endpoint of HTTP/2 may refuse a stream that it did not look at, and a connection may turn out to be closed: the body is
    // kept for that.
    if (upstream.endpoint.protocol === "http2" || (upstream.reused && idempotent.has(request.method))) return;
    const retry = state.route!.rule.rule.retry;
    if (retry === undefined || this.retries >= retry.attempts) body.forget();
  }

  #hasOther(failed: EndpointState): boolean {
    return this.#host.state.backend!.cluster!.latest.endpoints.some((endpoint) => endpoint !== failed);
  }

  /** `overBudget`: the rule allows another attempt and the backend's budget does not. Spec: retryConstraint, GEP-3388. */
  #mayRetry(progress: FailureProgress): "yes" | "no" | "overBudget" {
    const { state, body } = this.#host;
    const { route, request, backend } = state;
    const retry = route!.rule.rule.retry;
    if (retry === undefined || this.retries >= retry.attempts) return "no";
    const { repeats = "any", withinMs = 0 } = retry.triggers ?? {};
    if (repeats === "idempotent" && maybeSeen(progress) && !idempotent.has(request.method)) return "no";
    if (withinMs > 0 && performance.now() - this.startMs >= withinMs) return "no";
    if (request.framing !== "none" && !body.replayable) return "no";
    const { budget, traffic } = backend!.cluster!;
    if (budget !== undefined && !budget.take(performance.now())) return "overBudget";
    return this.#room.takeRetry(traffic?.breaker) ? "yes" : "no";
  }

  /** Another attempt, or the end of the request with `kind`. */
  #retryOr(kind: ProxyErrorKind, progress: FailureProgress, failed: EndpointState | undefined): void {
    const triggers = this.#host.state.route!.rule.rule.retry?.triggers;
    const wanted =
      triggers === undefined
        ? proxyErrors[kind].retry === "allowed"
        : triggers.failures.includes(failureOf(kind, progress));
    const may = wanted ? this.#mayRetry(progress) : "no";
    if (may === "yes") this.#retryLater(kind, failed);
    else this.#host.fail(may === "overBudget" ? "retryBudget" : kind);
  }

  #retryLater(reason: string, failed?: EndpointState): void {
    const { context, state } = this.#host;
    const { route, backend } = state;
    const { rule } = route!.rule;
    clearTimeout(this.#timer);
    transition(state, "retry");
    this.#headSent = false;
    const pauseMs = backoffMs(rule.retry!, this.retries, context.random);
    this.retries++;
    context.telemetry
      .counter("gateway_http_retries_total", rule.routeKind, rule.namespace, rule.name, backend!.name, reason)
      .add(1);
    this.#timer = setTimeout(onRetry, pauseMs, this, failed);
  }
}

/** Whether the endpoint may have done what the request asks for. */
function maybeSeen(progress: FailureProgress): boolean {
  return progress === "sent" || progress === "stale";
}

function onTimeout(attempts: Attempts): void {
  attempts.guard(() => attempts.onTimeout());
}

function onHeldLong(attempts: Attempts): void {
  attempts.guard(() => attempts.onHeldLong());
}

function onRetry(attempts: Attempts, failed: EndpointState | undefined): void {
  attempts.guard(() => attempts.onRetry(failed));
}
