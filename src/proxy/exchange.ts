import type { ResponseFlag } from "../telemetry/response-flag.ts";
import type { ReceivedRequest } from "../wire/head/received-request.ts";
import { RequestField } from "../wire/http1/known-field.ts";
import type { TrailerClaims } from "../wire/http1/trailer-field.ts";
import type { HeaderField } from "../wire/http2/hpack-table.ts";
import type { FilterContext, LocalReply } from "./chain.ts";
import { type ProxyErrorKind, proxyErrors } from "./error.ts";
import { Answer } from "./exchange/answer.ts";
import { Attempts } from "./exchange/attempts.ts";
import { Authorisation } from "./exchange/authorisation.ts";
import { ExchangeRecord } from "./exchange/exchange-record.ts";
import { Goodbye } from "./exchange/goodbye.ts";
import { HeldBody } from "./exchange/held-body.ts";
import { Outcome } from "./exchange/outcome.ts";
import { TimeLimit } from "./exchange/time-limit.ts";
import { ForwardedRequest } from "./forwarded-request.ts";
import { forwardClientCertificate, forwardedHostLine, forwardTrusted, type Peer } from "./forwarding.ts";
import { type GrpcStatusName, grpcStatusForHttp, grpcStatusOfError } from "./grpc-status.ts";
import type { PlaneContext } from "./plane-context.ts";
import type { PortModel } from "./port-model.ts";
import type { Responder } from "./responder.ts";
import type { BackendRuntime, RequestStep, RouteRuntime } from "./route-runtime.ts";
import type { HttpListenerTable } from "./route-table.ts";
import { TraceHeaders } from "./trace-headers.ts";
import { silenceLimitMs } from "./upstream/silence-limit.ts";

/** Whose filters a request is going through. */
type Stage = "listener" | "route" | "backend";

/** Where an exchange stands. `answered`: the head of the answer has gone out. */
type Phase = "over" | "authorising" | "waiting" | "sending" | "answered" | "tunnel";

/**
 * One request from its parsed head to the last byte of its answer: routing, filters and the choice of a backend, and the order
 * of everything else, which its parts in `exchange/` do. Knows no socket. One object per downstream connection (per stream,
 * where there are streams), reused.
 */
export class Exchange implements FilterContext, TrailerClaims {
  /** Of the port as it is for this request. */
  context: PlaneContext;
  readonly responder: Responder;
  readonly peer: Peer;
  readonly request = new ForwardedRequest();
  readonly trace = new TraceHeaders();
  readonly outcome = new Outcome();
  readonly goodbye = new Goodbye();
  readonly body: HeldBody;
  readonly auth: Authorisation;
  readonly attempts: Attempts;
  readonly answer: Answer;
  readonly record: ExchangeRecord;
  readonly #timeLimit: TimeLimit;
  phase: Phase = "over";
  bytesIn = 0;
  bytesOut = 0;
  /** `undefined`: none was found yet. */
  route: RouteRuntime | undefined;
  backend: BackendRuntime | undefined;
  /** Of the rule; -1: no backend was chosen. */
  backendIndex = -1;
  /** Path match of the route. */
  pattern = "";
  matchedPrefix: string | undefined;
  origin: string | undefined;
  credentials: FilterContext["credentials"] = "none";
  #model!: PortModel;
  #connection: HttpListenerTable<RouteRuntime> | undefined;
  #steps: readonly RequestStep[] = [];
  #nextStep = 0;
  #stage: Stage = "route";

  constructor(context: PlaneContext, responder: Responder, peer: Peer) {
    this.context = context;
    this.responder = responder;
    this.peer = peer;
    this.body = new HeldBody(this);
    this.auth = new Authorisation(this);
    this.attempts = new Attempts(this);
    this.answer = new Answer(this);
    this.record = new ExchangeRecord(this);
    this.#timeLimit = new TimeLimit(this);
  }

  /** No request is being served. */
  get over(): boolean {
    return this.phase === "over";
  }

  /** The parsed head given to `begin` is still needed. */
  get keepsHead(): boolean {
    return this.phase === "authorising";
  }

  /** How long an upgraded connection may be silent. Milliseconds. */
  get tunnelIdleMs(): number {
    return silenceLimitMs(this.request, "tunnel", this.context.limits);
  }

  /** Bytes of the request that are kept, or wait to be sent. */
  get heldBytes(): number {
    return this.body.buffer.bytes.length + this.attempts.queuedBytes;
  }

  /** Whether the client may not send a trailer of that name: filters have a say on its header. Before there is a route, none may. */
  claims(name: Uint8Array, length: number): boolean {
    if (this.route !== undefined) return this.route.trailers.claims(name, length);
    return this.phase !== "over";
  }

  // What filters may know.
  get scheme(): "http" | "https" {
    return this.peer.scheme;
  }

  get listenerPort(): number {
    return this.peer.port;
  }

  publicPort(port: number): number {
    return this.context.publicPort(port);
  }

  /** Serves a request. `connection` is what the SNI chose; absent on a clear connection. */
  begin(
    received: ReceivedRequest,
    path: string,
    model: PortModel,
    connection: HttpListenerTable<RouteRuntime> | undefined,
  ): void {
    this.#reset();
    const { request, record, trace } = this;
    request.begin(received, path);
    if (request.host === "") request.adoptHost(this.peer);
    this.body.begin();
    this.bytesIn = received.sizeBytes;
    this.outcome.grpc = request.grpc && this.responder.protocol === "HTTP/2";
    this.#model = model;
    this.context = model.context;
    this.#connection = connection;
    const table = model.listensBeforeRouting ? (connection ?? model.table.forHost(request.host)) : undefined;
    const listener = table === undefined ? undefined : model.listenerOf(table.listeners[0]);
    trace.begin(request, listener?.tracing);
    request.setOwnLines(this.#forward(received, listener?.settings ?? model.context) + trace.lines);
    if (table === undefined || listener === undefined) {
      this.#findRoute();
      return;
    }
    if (listener.tracing !== undefined && trace.spanId !== "") record.beginSpans(listener.tracing);
    record.place(listener, undefined);
    if (table.keepsPaths) request.keepPath();
    this.#run("listener", model.stepsOf(table));
  }

  /** Takes the request through the rest of a stage's filters, and on to what comes behind them. */
  goOn(): void {
    while (this.#nextStep < this.#steps.length) {
      const step = this.#steps[this.#nextStep++]!;
      if (step.auth !== undefined) {
        this.auth.begin(step.auth);
        return;
      }
      if (step.mirror !== undefined) {
        this.body.copyFor(step.mirror);
        continue;
      }
      const reply = step.onRequest(this.request, this);
      if (reply !== undefined) {
        this.#replyFromFilter(reply);
        return;
      }
    }
    switch (this.#stage) {
      case "listener":
        this.#findRoute();
        return;
      case "route":
        this.#chooseBackend(this.route!);
        return;
      case "backend":
        this.attempts.begin(this.backend!);
    }
  }

  // What the client sends.

  /** Part of the request's body, in its framing. */
  onRequestBody(bytes: Buffer, start: number, end: number): void {
    const { body } = this;
    const { replayBytes } = this.context.limits;
    this.bytesIn += end - start;
    this.attempts.onBodyBegun();
    body.append(bytes, start, end);
    if (this.auth.awaitsBody) {
      this.auth.onBody();
      return;
    }
    const upstream = this.attempts.taker;
    if (upstream === undefined) {
      if (body.buffer.length >= replayBytes) body.pause();
      return;
    }
    if (body.buffer.length > replayBytes) body.forget();
    upstream.sendBody(bytes, start, end);
  }

  /** The request is complete; `trailers` are those of a body without framing. */
  onRequestEnd(trailers: readonly HeaderField[]): void {
    this.body.complete = true;
    this.body.trailers = trailers;
    if (this.auth.awaitsBody) {
      this.auth.onBodyEnd();
      this.attempts.flush();
      return;
    }
    this.body.endMirrors();
    this.attempts.taker?.sendEnd(trailers);
  }

  /** Bytes of a client in a tunnel. */
  onTunnelData(bytes: Buffer, start: number, end: number): void {
    this.bytesIn += end - start;
    this.attempts.taker?.sendBody(bytes, start, end);
  }

  onTunnelHalfClose(): void {
    this.attempts.halfClose();
  }

  /** Everything of one read has been handed over. */
  onRequestPause(): void {
    const upstream = this.attempts.taker;
    if (upstream === undefined) return;
    upstream.flush();
    if (upstream.congested) this.body.pause();
  }

  /** The gateway is about to end what will not end by itself. */
  goAway(): void {
    if (this.phase === "tunnel") this.goodbye.say(this.responder);
  }

  /** The client takes bytes again. */
  onDownstreamDrain(): void {
    this.attempts.resume();
  }

  /** The client is gone: nothing more can be answered. */
  onDownstreamClose(): void {
    if (this.phase === "over") return;
    const { outcome } = this;
    if (this.phase !== "tunnel") outcome.flag = "DC";
    if (outcome.status === 0) outcome.status = proxyErrors.clientGone.status;
    this.finish();
  }

  // How it ends.

  /** Answers with an error, or breaks the answer off when it has begun. */
  fail(kind: ProxyErrorKind): void {
    const row = proxyErrors[kind];
    this.failWith(row.status, row.flag, row.message, grpcStatusOfError[kind]);
  }

  failWith(
    status: number,
    flag: ResponseFlag,
    message: string,
    grpcName: GrpcStatusName = grpcStatusForHttp(status),
  ): void {
    this.answer.fail(status, flag, message, grpcName);
  }

  /** Nothing more comes of the request: lets go of everything that serves it. */
  finish(): void {
    this.clearTimers();
    this.attempts.drop();
    this.auth.cancel();
    this.body.release();
    this.request.end();
    this.phase = "over";
    this.record.finish();
    this.responder.onExchangeOver();
  }

  /** From here on the request may take any time. */
  clearTimers(): void {
    this.#timeLimit.clear();
    this.attempts.clearTimer();
  }

  #reset(): void {
    this.phase = "waiting";
    this.route = undefined;
    this.backend = undefined;
    this.backendIndex = -1;
    this.bytesOut = 0;
    this.record.begin();
    this.outcome.reset();
    this.auth.reset();
    this.attempts.reset();
    this.answer.reset();
  }

  #findRoute(): void {
    const { request, record } = this;
    const model = this.#model;
    const connection = this.#connection;
    const matched = model.table.match(request, connection);
    if (typeof matched === "string") {
      const table = connection ?? model.table.forHost(request.host);
      record.place(model.listenerOf(table?.listeners[0]), undefined);
      this.fail(matched === "misdirected" || matched === "ambiguousPath" ? matched : "noRoute");
      return;
    }
    const route = matched.runtime;
    if (matched.keepsPath) request.keepPath();
    this.route = route;
    this.pattern = matched.entry.match.path.value;
    this.matchedPrefix = matched.matchedPrefix;
    this.origin = request.known(RequestField.origin);
    this.credentials = this.origin === undefined ? "none" : credentialsOf(request);
    request.silence = route.rule.rule.timeouts.silence;
    record.place(route.listener, route);
    if (request.grpc && !this.outcome.grpc && route.rule.rule.routeKind === "GRPCRoute") this.fail("grpcNeedsHttp2");
    else if (!this.#timeLimit.begin(route)) this.fail("malformed");
    else this.#run("route", route.steps);
  }

  #run(stage: Stage, steps: readonly RequestStep[]): void {
    this.#stage = stage;
    this.#steps = steps;
    this.#nextStep = 0;
    this.goOn();
  }

  #replyFromFilter(reply: LocalReply): void {
    if (reply.status >= 500) this.outcome.flag = "FE";
    this.answer.reply(reply);
  }

  #chooseBackend(route: RouteRuntime): void {
    const { rule } = route;
    const index = rule.choice.next();
    const backend = index < 0 ? undefined : rule.backends[index]!;
    if (backend?.cluster === undefined) {
      this.fail("invalidBackend");
      return;
    }
    this.backend = backend;
    this.backendIndex = index;
    this.#run("backend", backend.steps);
  }

  /** The lines that the engine adds, but for the trace's. */
  #forward(
    received: ReceivedRequest,
    { trust, forwardClientCertificate: forwarding }: Pick<PlaneContext, "trust" | "forwardClientCertificate">,
  ): string {
    const { peer } = this;
    // Proxies that keep Forwarded pass on whatever else a client wrote.
    if (received.claims && (trust.trustedHops === 0 || trust.source === "forwarded")) received.forgetClaims();
    if (trust.trustedHops === 0) {
      this.record.clientAddress = peer.address;
      return peer.ownLines + forwardedHostLine(this.request.hostText());
    }
    const view = forwardTrusted(trust, peer, received);
    this.record.clientAddress = view.address;
    return forwardClientCertificate(forwarding, peer, received) + view.lines;
  }
}

function credentialsOf(request: ForwardedRequest): FilterContext["credentials"] {
  if (request.known(RequestField.cookie) !== undefined) return "cookie";
  return request.known(RequestField.authorization) === undefined ? "none" : "authorization";
}
