import type { HeldContent } from "../filter/contract/content.ts";
import type { HookOf } from "../filter/contract/hook.ts";
import { type LocalReply, type Problem, problem } from "../filter/contract/local-reply.ts";
import type { ResponseFlag } from "../telemetry/response-flag.ts";
import type { ReceivedRequest } from "../wire/head/received-request.ts";
import type { TrailerClaims } from "../wire/http1/trailer-field.ts";
import type { HeaderField } from "../wire/http2/hpack-table.ts";
import { type ProxyErrorKind, proxyErrors } from "./error.ts";
import { Answer, type AnswerHost } from "./exchange/answer.ts";
import { Attempts, type AttemptsHost } from "./exchange/attempts.ts";
import { BalanceRequest } from "./exchange/balance-request.ts";
import { ExchangeFacts } from "./exchange/exchange-facts.ts";
import { ExchangeRecord } from "./exchange/exchange-record.ts";
import { type ExchangeState, type Phase, transition } from "./exchange/exchange-state.ts";
import { FilterPlaces, type Stage, stages } from "./exchange/filter-place.ts";
import { Goodbye } from "./exchange/goodbye.ts";
import { GuardedEvents } from "./exchange/guarded-events.ts";
import { HeldBody, type HeldBodyHost } from "./exchange/held-body.ts";
import { Outcome } from "./exchange/outcome.ts";
import { RequestFilters, type RequestFiltersHost } from "./exchange/request-filters.ts";
import { RequestFlow, type RequestFlowHost } from "./exchange/request-flow.ts";
import { Routing, type RoutingHost } from "./exchange/routing.ts";
import { TimeLimit, type TimeLimitHost } from "./exchange/time-limit.ts";
import type { FilterChain } from "./filter-chain.ts";
import { ForwardedRequest } from "./forwarded-request.ts";
import type { Peer } from "./forwarding.ts";
import { problemOf } from "./local-answer.ts";
import type { PlaneContext } from "./plane-context.ts";
import type { PortModel } from "./port-model.ts";
import type { Responder } from "./responder.ts";
import type { RouteRuntime } from "./route-runtime.ts";
import type { HttpListenerTable } from "./route-table.ts";
import { TraceHeaders } from "./trace-headers.ts";
import type { EndpointState } from "./upstream/endpoint-state.ts";
import type { PrivateUpstreams } from "./upstream/private-upstreams.ts";
import { silenceLimitMs } from "./upstream/silence-limit.ts";

/**
 * One request from its parsed head to the last byte of its answer: routing, filters and the choice of a backend, and the order
 * of everything else, which its parts in `exchange/` do. Knows no socket. One object per downstream connection (per stream,
 * where there are streams), reused. Whatever throws in here ends this request with 500 and nothing else.
 */
export class Exchange
  implements
    TrailerClaims,
    AnswerHost,
    AttemptsHost,
    HeldBodyHost,
    RequestFiltersHost,
    RequestFlowHost,
    RoutingHost,
    TimeLimitHost
{
  /** Of the port as it is for this request. */
  context: PlaneContext;
  readonly responder: Responder;
  readonly peer: Peer;
  readonly state: ExchangeState;
  readonly trace = new TraceHeaders();
  readonly goodbye = new Goodbye();
  readonly facts: ExchangeFacts;
  readonly places: FilterPlaces;
  readonly body: HeldBody;
  readonly answer: Answer;
  readonly attempts: Attempts;
  readonly events: GuardedEvents;
  readonly record: ExchangeRecord;
  readonly #filters: RequestFilters;
  readonly #flow: RequestFlow;
  readonly #routing: Routing;
  readonly #timeLimit: TimeLimit;
  /** Made for the first request whose endpoint a policy chooses. */
  #balanced: BalanceRequest | undefined;
  /** Largest content that a filter waits for, and what may be kept of it with its framing. Bytes. */
  #contentBytes = 0;
  #keptBytes = 0;
  /** What becomes of larger content. */
  #above: HookOf<"requestContent">["above"] = "refuse";
  /** Taken of the plane's budget. Bytes. */
  #budgeted = 0;
  /** An exception was caught: no filter is called any more. */
  #contained = false;

  constructor(context: PlaneContext, responder: Responder, peer: Peer) {
    this.context = context;
    this.responder = responder;
    this.peer = peer;
    this.state = {
      phase: "over",
      request: new ForwardedRequest(),
      outcome: new Outcome(),
      startMs: 0,
      bytesIn: 0,
      bytesOut: 0,
      route: undefined,
      backend: undefined,
      backendIndex: -1,
      pattern: "",
    };
    this.facts = new ExchangeFacts(this, this.state, this.trace);
    this.places = new FilterPlaces(this.facts);
    this.body = new HeldBody(this);
    this.answer = new Answer(this);
    this.attempts = new Attempts(this);
    this.events = new GuardedEvents(this.attempts, (error) => this.onBug(error));
    this.record = new ExchangeRecord(this);
    this.#filters = new RequestFilters(this, this.places);
    this.#flow = new RequestFlow(this);
    this.#routing = new Routing(this);
    this.#timeLimit = new TimeLimit(this);
  }

  // What the client's connection may know.

  get phase(): Phase {
    return this.state.phase;
  }

  /** No request is being served. */
  get over(): boolean {
    return this.state.phase === "over";
  }

  /** The parsed head given to `begin` is still needed. */
  get keepsHead(): boolean {
    return this.state.phase === "filtering" || this.state.phase === "holding";
  }

  /** How long an upgraded connection may be silent. Milliseconds. */
  get tunnelIdleMs(): number {
    return silenceLimitMs(this.state.request, "tunnel", this.context.limits);
  }

  /** Bytes of the request that are kept, or wait to be sent. */
  get heldBytes(): number {
    return this.body.buffer.bytes.length + this.attempts.queuedBytes;
  }

  /** Bytes sent to the client; its connection counts them. */
  get bytesOut(): number {
    return this.state.bytesOut;
  }

  set bytesOut(bytes: number) {
    this.state.bytesOut = bytes;
  }

  /** Whether the client may not send a trailer of that name: filters have a say on its header. Before there is a route, none may. */
  claims(name: Uint8Array, length: number): boolean {
    const { route, phase } = this.state;
    return route === undefined ? phase !== "over" : route.trailers.claims(name, length);
  }

  // What the exchange's parts may know.

  get request(): ForwardedRequest {
    return this.state.request;
  }

  get clientAddress(): string {
    return this.facts.clientAddress;
  }

  get requestId(): string {
    return this.trace.requestId;
  }

  get upstreams(): PrivateUpstreams {
    return this.peer.upstreams;
  }

  // What the client sends.

  /** Serves a request. `connection` is what the SNI chose; absent on a clear connection. */
  begin(
    received: ReceivedRequest,
    path: string,
    model: PortModel,
    connection: HttpListenerTable<RouteRuntime> | undefined,
  ): void {
    this.#reset();
    try {
      this.#begin(received, path, model, connection);
    } catch (error) {
      this.onBug(error);
    }
  }

  /** Part of the request's body, in its framing. */
  onRequestBody(bytes: Buffer, start: number, end: number): void {
    try {
      this.state.bytesIn += end - start;
      if (this.#flow.takes) this.#flow.push(bytes, start, end);
      else this.takeBody(bytes, start, end);
    } catch (error) {
      this.onBug(error);
    }
  }

  /** The request is complete; `trailers` are those of a body without framing. */
  onRequestEnd(trailers: readonly HeaderField[]): void {
    try {
      if (this.#flow.takes) this.#flow.finish(trailers);
      else this.endBody(trailers);
    } catch (error) {
      this.onBug(error);
    }
  }

  /** Bytes of a client in a tunnel. */
  onTunnelData(bytes: Buffer, start: number, end: number): void {
    this.state.bytesIn += end - start;
    this.attempts.taker?.sendBody(bytes, start, end);
  }

  onTunnelHalfClose(): void {
    this.attempts.halfClose();
  }

  /** Everything of one read has been handed over. */
  onRequestPause(): void {
    try {
      this.flushBody();
    } catch (error) {
      this.onBug(error);
    }
  }

  /** The gateway is about to end what will not end by itself. */
  goAway(): void {
    if (this.state.phase === "tunnel") this.goodbye.say(this.responder);
  }

  /** The client takes bytes again. */
  onDownstreamDrain(): void {
    this.answer.onDrain();
  }

  /** The client is gone: nothing more can be answered. */
  onDownstreamClose(): void {
    const { phase, outcome } = this.state;
    if (phase === "over") return;
    if (phase !== "tunnel") outcome.flag = "DC";
    if (outcome.status === 0) outcome.status = proxyErrors.clientGone.status;
    this.finish();
  }

  // What becomes of the body behind the filters.

  takeBody(bytes: Buffer, start: number, end: number): void {
    const { body } = this;
    const { replayBytes } = this.context.limits;
    this.attempts.onBodyBegun();
    body.append(bytes, start, end);
    if (this.state.phase === "holding") {
      if (body.buffer.length > this.#keptBytes) this.#onContentTooLarge();
      return;
    }
    const upstream = this.attempts.taker;
    if (upstream === undefined) {
      if (body.buffer.length >= replayBytes) body.pause("endpoint");
      return;
    }
    if (body.buffer.length > replayBytes) body.forget();
    upstream.sendBody(bytes, start, end);
  }

  endBody(trailers: readonly HeaderField[]): void {
    this.body.complete = true;
    this.body.trailers = trailers;
    if (this.state.phase === "holding") {
      this.#onContentHeld();
      this.attempts.flush();
      return;
    }
    this.attempts.taker?.sendEnd(trailers);
  }

  flushBody(): void {
    const upstream = this.attempts.taker;
    if (upstream === undefined) return;
    upstream.flush();
    if (upstream.congested) this.body.pause("endpoint");
  }

  // What the filters decide.

  onStagePassed(stage: Stage): void {
    switch (stage) {
      case "listener":
        this.#routing.findRoute();
        return;
      case "rule":
        this.#routing.chooseBackend();
        return;
      case "backend":
        this.#forward();
    }
  }

  enter(stage: Stage, chain: FilterChain): void {
    this.#filters.begin(stage, chain);
  }

  limitTime(route: RouteRuntime): boolean {
    return this.#timeLimit.begin(route);
  }

  onFilterReply(reply: LocalReply): void {
    this.answer.reply(reply);
  }

  onFilterWaits(): void {
    this.body.hold();
  }

  onFilterResumed(): void {
    this.attempts.flush();
  }

  holdContent({ maxBytes, above }: Pick<HookOf<"requestContent">, "maxBytes" | "above">): void {
    const { body, state } = this;
    const { framing, contentLength, grpc } = state.request;
    if (above === "pass" && !body.complete && (grpc || contentLength > maxBytes || !this.#budget(maxBytes))) {
      this.#filters.onContentPassed();
      return;
    }
    body.hold();
    this.#contentBytes = maxBytes;
    this.#above = above;
    this.#keptBytes = framing === "chunked" ? maxBytes * 2 + 1_024 : maxBytes;
    transition(state, "hold");
    if (body.complete) this.#onContentHeld();
    else if (contentLength > maxBytes || body.buffer.length > this.#keptBytes) this.#onContentTooLarge();
    else body.resume("endpoint");
  }

  /** Whether the plane has room for that much content that waits. */
  #budget(bytes: number): boolean {
    const { contentLength } = this.state.request;
    const wanted = (contentLength < 0 ? bytes : contentLength) - this.#budgeted;
    if (wanted > 0) {
      if (!this.context.contentBudget.take(wanted)) return false;
      this.#budgeted += wanted;
    }
    return true;
  }

  #onContentTooLarge(): void {
    if (this.#above === "refuse") {
      this.fail("bodyTooLarge");
      return;
    }
    transition(this.state, "held");
    this.#filters.onContentPassed();
    this.attempts.flush();
  }

  refuse(reply: LocalReply): void {
    this.answer.refuse(reply);
  }

  // What the attempts and the answer report.

  onEndpoint(endpoint: EndpointState): void {
    this.record.onEndpoint(endpoint);
  }

  onAttempt(endpoint: EndpointState): void {
    this.record.onAttempt(endpoint);
  }

  onAttemptEnded(end: { readonly status: number; readonly error: string }): void {
    this.record.onAttemptEnded(end);
  }

  onAnswerChosen(status: number): void {
    if (this.attempts.retries > 0 && this.state.route!.rule.retryCodes.has(status)) this.state.outcome.flag = "URX";
    this.body.forget();
  }

  get setCookie(): string | undefined {
    return this.attempts.choice.hint?.setCookie;
  }

  pauseEndpoint(): void {
    this.attempts.pause();
  }

  resumeEndpoint(): void {
    this.attempts.resume();
  }

  dropRequest(): void {
    this.attempts.drop();
    this.#filters.cancel();
    this.#flow.cancel();
  }

  onTimeLimit(): void {
    this.attempts.onTimeLimit();
    this.fail("routeTimeout");
  }

  // How it ends.

  /** Answers with an error, or breaks the answer off when it has begun. */
  fail(kind: ProxyErrorKind): void {
    this.#fail(problemOf(kind));
  }

  /** The same for a request that turned out to be malformed. */
  failWith(status: number, flag: ResponseFlag, message: string): void {
    this.#fail(problem(status, flag, message));
  }

  /** Something threw that never should: the request ends with 500, which no filter sees; when even that fails, without an answer. */
  onBug(error: unknown): void {
    this.context.onBug(error);
    if (this.over) return;
    const again = this.#contained;
    this.#contained = true;
    try {
      if (!again) {
        this.answer.fail(problemOf("internal"), "plain");
        return;
      }
    } catch (another) {
      this.context.onBug(another);
    }
    if (this.over) return;
    this.state.outcome.flag = proxyErrors.internal.flag;
    this.responder.abort();
    this.finish();
  }

  /** Nothing more comes of the request: lets go of everything that serves it. */
  finish(): void {
    const { state } = this;
    transition(state, "finish");
    this.#clearTimers();
    this.dropRequest();
    this.attempts.end();
    this.answer.cancel();
    this.body.release();
    if (this.#budgeted > 0) {
      this.context.contentBudget.give(this.#budgeted);
      this.#budgeted = 0;
    }
    state.request.end();
    const outcome = this.record.finish();
    for (const stage of stages) {
      for (const { hook, filter } of this.places.chain(stage).outcome) {
        try {
          hook.onOutcome(outcome, this.places.place(stage, filter));
        } catch (error) {
          this.context.onBug(error);
        }
      }
    }
    this.places.clear();
    this.responder.onExchangeOver();
  }

  becomeTunnel(): void {
    this.#timeLimit.onTunnel(this.state.route!);
    this.attempts.clearTimer();
  }

  #clearTimers(): void {
    this.#timeLimit.clear();
    this.attempts.clearTimer();
  }

  #fail(reason: Problem): void {
    try {
      this.answer.fail(reason, this.#contained ? "plain" : "filtered");
    } catch (error) {
      this.onBug(error);
    }
  }

  #reset(): void {
    const { state } = this;
    transition(state, "begin");
    state.startMs = performance.now();
    state.bytesIn = 0;
    state.bytesOut = 0;
    state.route = undefined;
    state.backend = undefined;
    state.backendIndex = -1;
    state.outcome.reset();
    this.#contained = false;
    this.facts.begin();
    this.attempts.reset();
    this.answer.reset();
  }

  #begin(
    received: ReceivedRequest,
    path: string,
    model: PortModel,
    connection: HttpListenerTable<RouteRuntime> | undefined,
  ): void {
    const { state } = this;
    const { request } = state;
    this.context = model.context;
    request.begin(received, path);
    if (request.host === "") request.adoptHost(this.peer);
    this.body.begin();
    state.bytesIn = received.sizeBytes;
    state.outcome.grpc = request.grpc && this.responder.protocol === "HTTP/2";
    this.#routing.begin(received, model, connection);
  }

  /** All filters have let the request pass: it goes to its backend. */
  #forward(): void {
    const { state, body } = this;
    const { request } = state;
    const backend = state.backend!;
    const { broken } = backend.cluster!;
    if (broken !== undefined) {
      this.fail(broken);
      return;
    }
    transition(state, "forward");
    this.#flow.start();
    if (state.phase !== "waiting") return;
    const { traffic } = backend.cluster!;
    if (traffic === undefined) this.attempts.choice.hint = undefined;
    else {
      this.#balanced ??= new BalanceRequest(this.state, this.facts, this.places);
      this.attempts.choice.hint = traffic.hintOf(this.#balanced, backend.keptAs);
    }
    request.serialise(backend.cluster!.cluster);
    request.release();
    body.hold();
    this.#flow.takeHeld();
    if (state.phase === "waiting") this.attempts.begin(backend);
  }

  #onContentHeld(): void {
    const { body, state } = this;
    const bytes = body.content();
    if (bytes.length > this.#contentBytes) {
      this.#onContentTooLarge();
      return;
    }
    transition(state, "held");
    const content: HeldContent = { bytes, replace: (other) => body.replace(other) };
    this.#filters.onContent(content);
  }
}
