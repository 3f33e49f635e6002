import type { ResponseFlag } from "../telemetry/response-flag.ts";
import type { HttpSeries } from "../telemetry/telemetry.ts";
import type { AuthHeader } from "../wire/ext-authz.ts";
import { RequestField, ResponseField } from "../wire/http1/known-field.ts";
import type { RequestHead as WireRequestHead } from "../wire/http1/request-head.ts";
import type { ResponseHead as WireResponseHead } from "../wire/http1/response-head.ts";
import type { FilterContext, LocalReply } from "./chain.ts";
import { type ProxyErrorKind, proxyErrors } from "./error.ts";
import { type AuthCall, type AuthCaller, makeAuthCall } from "./external-auth/auth-call.ts";
import type { ExternalAuthRuntime } from "./external-auth/auth-runtime.ts";
import { type AuthVerdict, applyAuthChanges, applyAuthHeaders } from "./external-auth/auth-verdict.ts";
import { ForwardedRequest } from "./forwarded-request.ts";
import { ForwardedResponse } from "./forwarded-response.ts";
import { forwardClientCertificate, forwardTrusted, type Peer } from "./forwarding.ts";
import { grpcReply, grpcTrailers, pageAsGrpc } from "./grpc-reply.ts";
import { type GrpcStatusName, grpcStatus, grpcStatusForHttp, grpcStatusOfError } from "./grpc-status.ts";
import { type Mirror, startMirror } from "./mirror.ts";
import type { PlaneContext } from "./plane-context.ts";
import type { PortModel } from "./port-model.ts";
import { contentOf, ReplayBuffer } from "./replay-buffer.ts";
import { RequestLog } from "./request-log.ts";
import type { Responder } from "./responder.ts";
import type { BackendRuntime, ListenerRuntime, RequestStep, RouteRuntime } from "./route-runtime.ts";
import type { HttpListenerTable } from "./route-table.ts";
import type { Pin } from "./session-token.ts";
import { TraceHeaders } from "./trace-headers.ts";
import { RequestSpans } from "./tracing/request-spans.ts";
import type { EndpointState } from "./upstream/endpoint-state.ts";
import type { FailureProgress, UpstreamEvents, UpstreamExchange } from "./upstream/exchange.ts";
import { openExchange, type Reuse } from "./upstream/pool.ts";

const noBytes = Buffer.alloc(0);
const noPins: readonly Pin[] = [];
/** Longest time that a timer can be set to. */
const maxTimerMs = 0x7fff_ffff;

/** Where an exchange stands. `answered`: the head of the answer has gone out. */
/** Whose filters a request is going through. */
type Stage = "listener" | "route" | "backend";

type Phase = "over" | "authorising" | "waiting" | "sending" | "answered" | "tunnel";

const safeToRepeat: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/**
 * One request from its parsed head to the last byte of its answer: routing, filters, the choice of an endpoint, attempts,
 * time limits, telemetry. Knows no socket. One object per downstream connection (per stream, where there are streams), reused.
 */
export class Exchange implements UpstreamEvents, FilterContext, AuthCaller {
  readonly request = new ForwardedRequest();
  bytesIn = 0;
  bytesOut = 0;
  readonly #context: PlaneContext;
  readonly #responder: Responder;
  readonly #peer: Peer;
  readonly #response = new ForwardedResponse();
  readonly #trace = new TraceHeaders();
  readonly #log = new RequestLog();
  readonly #replay = new ReplayBuffer();
  #phase: Phase = "over";
  #listener!: ListenerRuntime;
  #route: RouteRuntime | undefined;
  #backend: BackendRuntime | undefined;
  #backendIndex = -1;
  #upstream: UpstreamExchange | undefined;
  #mirrors: Mirror[] | undefined;
  #model!: PortModel;
  #connection: HttpListenerTable<RouteRuntime> | undefined;
  /** The listener that counts the request as active. */
  #counted: ListenerRuntime | undefined;
  #steps: readonly RequestStep[] = [];
  #nextStep = 0;
  #stage: Stage = "route";
  /** Whose server is to be asked, or is being asked. */
  #asking: ExternalAuthRuntime | undefined;
  #auth: AuthCall | undefined;
  /** What authorisation servers add to the answer. */
  #authHeaders: readonly AuthHeader[] | undefined;
  #pins: readonly Pin[] = noPins;
  /** Absent: the request is not recorded. */
  #spans: RequestSpans | undefined;
  #pattern = "";
  #clientLines = "";
  matchedPrefix: string | undefined;
  origin: string | undefined;
  #startMs = 0;
  #upstreamStartMs = 0;
  #status = 0;
  /** Of the backend's answer that is passed on; 0: none. */
  #upstreamStatus = 0;
  #flag: ResponseFlag = "-";
  #headSent = false;
  #requestComplete = false;
  #requestPaused = false;
  #upstreamPaused = false;
  /** The replay buffer holds the whole body so far: the request can be sent again. */
  #replayable = false;
  #connectAttempts = 0;
  #retries = 0;
  /** A gRPC call, of a client that speaks HTTP/2. */
  #grpc = false;
  /** Outcome of a gRPC call; -1: not known yet. */
  #grpcStatus = -1;
  #grpcFrom: "server" | "gateway" = "gateway";
  /** The answer has begun in a way that can still end with a status. */
  #endsWithTrailers = false;
  #requestTimer: NodeJS.Timeout | undefined;
  #attemptTimer: NodeJS.Timeout | undefined;

  constructor(context: PlaneContext, responder: Responder, peer: Peer) {
    this.#context = context;
    this.#responder = responder;
    this.#peer = peer;
    if (peer.scheme === "https") this.#log.record.clientCertificate = peer.clientCertificate.state;
  }

  /** No request is being served. */
  get over(): boolean {
    return this.#phase === "over";
  }

  /** The parsed head given to `begin` is still needed. */
  get keepsHead(): boolean {
    return this.#phase === "authorising";
  }

  /** Bytes of the request that are kept, or wait to be sent. */
  get heldBytes(): number {
    return this.#replay.bytes.length + (this.#upstream?.queuedBytes ?? 0);
  }

  get requestId(): string {
    return this.#trace.requestId;
  }

  // What filters may know.
  get scheme(): "http" | "https" {
    return this.#peer.scheme;
  }

  get listenerPort(): number {
    return this.#peer.port;
  }

  publicPort(port: number): number {
    return this.#context.publicPort(port);
  }

  /** Serves a request. `connection` is what the SNI chose; absent on a clear connection. */
  begin(
    bytes: Buffer,
    wire: WireRequestHead,
    path: string,
    model: PortModel,
    connection: HttpListenerTable<RouteRuntime> | undefined,
  ): void {
    this.#reset();
    const { request } = this;
    request.begin(bytes, wire, path);
    this.#requestComplete = request.framing === "none";
    this.bytesIn = wire.end - wire.start;
    this.#grpc = request.grpc && this.#responder.protocol === "HTTP/2";
    this.#model = model;
    this.#connection = connection;
    const table = model.listensBeforeRouting ? (connection ?? model.table.forHost(request.host)) : undefined;
    const listener = table === undefined ? undefined : model.listenerOf(table.listeners[0]);
    this.#trace.begin(request, listener?.tracing);
    this.#clientLines = this.#forward(bytes, wire);
    if (table === undefined || listener === undefined) {
      this.#findRoute();
      return;
    }
    if (listener.tracing !== undefined && this.#trace.spanId !== "") this.#beginSpans(listener);
    this.#startLog(listener, undefined);
    this.#run("listener", model.stepsOf(table));
  }

  #findRoute(): void {
    const { request } = this;
    const model = this.#model;
    const connection = this.#connection;
    const matched = model.table.match(request, connection);
    if (typeof matched === "string") {
      const table = connection ?? model.table.forHost(request.host);
      this.#startLog(model.listenerOf(table?.listeners[0]), undefined);
      this.fail(matched === "misdirected" ? "misdirected" : "noRoute");
      return;
    }
    const route = matched.runtime;
    this.#route = route;
    this.#pattern = matched.entry.match.path.value;
    this.matchedPrefix = matched.matchedPrefix;
    this.origin = request.known(RequestField.origin);
    this.#startLog(route.listener, route);
    if (request.grpc && !this.#beginGrpc(route)) return;
    const timeoutMs = this.#timeoutMs(route);
    if (timeoutMs <= maxTimerMs) this.#requestTimer = setTimeout(onRequestTimeout, timeoutMs, this);
    this.#run("route", route.steps);
  }

  #run(stage: Stage, steps: readonly RequestStep[]): void {
    this.#stage = stage;
    this.#steps = steps;
    this.#nextStep = 0;
    this.#goOn();
  }

  /** Takes the request through the rest of a stage's filters, and on to what comes behind them. */
  #goOn(): void {
    while (this.#nextStep < this.#steps.length) {
      const step = this.#steps[this.#nextStep++]!;
      if (step.auth !== undefined) {
        this.#authorise(step.auth);
        return;
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
        this.#chooseBackend(this.#route!);
        return;
      case "backend":
        this.#askBackend(this.#route!, this.#backend!);
    }
  }

  /** Part of the request's body, in its framing. */
  onRequestBody(bytes: Buffer, start: number, end: number): void {
    const { limits } = this.#context;
    this.bytesIn += end - start;
    if (this.#mirrors !== undefined) for (const mirror of this.#mirrors) mirror.onBody(bytes, start, end);
    if (this.#replayable) this.#replay.append(bytes, start, end);
    const upstream = this.#upstream;
    if (this.#phase === "authorising" && this.#auth === undefined) {
      if (this.#replay.length > this.#authBodyBytes(this.#asking!)) this.fail("bodyTooLarge");
      return;
    }
    if (upstream === undefined || !this.#headSent) {
      if (this.#replay.length >= limits.replayBytes) this.#pauseRequest();
      return;
    }
    if (this.#replay.length > limits.replayBytes) this.#forgetBody();
    upstream.sendBody(bytes, start, end);
  }

  onRequestEnd(): void {
    this.#requestComplete = true;
    if (this.#phase === "authorising" && this.#auth === undefined) {
      this.#askAuth(this.#asking!);
      this.#flushUpstream();
      return;
    }
    if (this.#mirrors !== undefined) for (const mirror of this.#mirrors) mirror.onEnd();
    if (this.#headSent) this.#upstream?.sendEnd();
  }

  /** Bytes of a client in a tunnel. */
  onTunnelData(bytes: Buffer, start: number, end: number): void {
    this.bytesIn += end - start;
    this.#upstream?.sendBody(bytes, start, end);
  }

  onTunnelHalfClose(): void {
    this.#upstream?.halfClose();
  }

  /** Everything of one read has been handed over. */
  onRequestPause(): void {
    const upstream = this.#upstream;
    if (upstream === undefined || !this.#headSent) return;
    upstream.flush();
    if (upstream.congested) this.#pauseRequest();
  }

  /** The client takes bytes again. */
  onDownstreamDrain(): void {
    if (!this.#upstreamPaused) return;
    this.#upstreamPaused = false;
    this.#upstream?.resume();
  }

  /** The client is gone: nothing more can be answered. */
  onDownstreamClose(): void {
    if (this.#phase === "over") return;
    if (this.#phase !== "tunnel") this.#flag = "DC";
    if (this.#status === 0) this.#status = proxyErrors.clientGone.status;
    this.#finish();
  }

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
    if (this.#phase === "over") return;
    this.#flag = flag;
    if (this.#grpc) this.#grpcStatus = grpcStatus[grpcName];
    if (this.#phase === "answered" || this.#phase === "tunnel") {
      if (this.#endsWithTrailers) {
        const trailers = grpcTrailers(grpcName, this.#grpcMessage(message));
        this.#responder.sendBody(trailers, 0, trailers.length);
        this.#responder.sendEnd();
      } else this.#responder.abort();
      this.#finish();
      return;
    }
    if (this.#grpc) {
      this.#reply(grpcReply(grpcName, this.#grpcMessage(message)));
      return;
    }
    this.#reply({ status, headers: [["content-type", "text/plain; charset=utf-8"]], body: this.#errorBody(message) });
  }

  onUpstreamReady(): void {
    this.#send();
    this.#flushUpstream();
  }

  onInformational(bytes: Buffer, head: WireResponseHead): void {
    this.#responder.respondInformational(bytes, head);
  }

  onResponseHead(bytes: Buffer, head: WireResponseHead): void {
    if (this.#route!.rule.retryCodes.has(head.status)) {
      const may = this.#mayRetry();
      if (may !== "no") {
        this.#spans?.endAttempt({ status: head.status, error: "" });
        this.#dropUpstream();
        if (may === "yes") this.#retryLater(String(head.status));
        else this.fail("retryBudget");
        return;
      }
    }
    this.#passHead(bytes, head);
    const body = head.body(this.request.method);
    // Only answers of HTTP/2 come in whole chunks, behind which a last one can follow at any time.
    this.#endsWithTrailers = this.#grpc && body === "chunked" && this.#upstream?.endpoint.protocol === "http2";
    this.#responder.respond({ bytes, head, edits: this.#response.edits, body });
  }

  onUpgraded(bytes: Buffer, head: WireResponseHead): void {
    this.#passHead(bytes, head);
    this.#phase = "tunnel";
    this.#clearTimers();
    this.#responder.respondUpgrade({ bytes, head, edits: this.#response.edits, body: "none" });
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    this.#responder.sendBody(bytes, start, end);
  }

  onGrpcStatus(status: number): void {
    this.#grpcStatus = status;
    this.#grpcFrom = "server";
  }

  onResponsePause(): void {
    this.#responder.flush();
    if (this.#upstreamPaused || !this.#responder.congested) return;
    this.#upstreamPaused = true;
    this.#upstream?.pause();
  }

  onResponseEnd(): void {
    this.#upstream = undefined;
    this.#responder.sendEnd();
    this.#finish();
  }

  onUpstreamDrain(): void {
    this.#resumeRequest();
  }

  onUpstreamHalfClose(): void {
    this.#responder.halfClose();
  }

  onUpstreamFailure(kind: ProxyErrorKind, progress: FailureProgress): void {
    const failed = this.#upstream!.endpoint;
    this.#upstream = undefined;
    this.#spans?.endAttempt({ status: this.#phase === "sending" ? 0 : this.#status, error: kind });
    if (this.#phase !== "sending") {
      this.fail(kind);
      return;
    }
    clearTimeout(this.#attemptTimer);
    if (progress === "stale" && this.request.framing === "none" && safeToRepeat.has(this.request.method)) {
      this.#again(undefined, "never");
      return;
    }
    const { connectAttempts } = this.#context.limits;
    const whole = this.request.framing === "none" || this.#replayable;
    if (progress === "refused" && whole && this.#connectAttempts < connectAttempts) {
      this.#again(undefined, "idle");
      return;
    }
    if (progress === "unsent" && this.#connectAttempts < connectAttempts && this.#hasOther(failed)) {
      this.#again(failed, "idle");
      return;
    }
    if (proxyErrors[kind].retry === "allowed") this.#retryOr(kind, failed);
    else this.fail(kind);
  }

  #reset(): void {
    this.#phase = "waiting";
    this.#startMs = performance.now();
    this.#upstreamStartMs = 0;
    this.#route = undefined;
    this.#backend = undefined;
    this.#backendIndex = -1;
    this.#status = 0;
    this.#upstreamStatus = 0;
    this.#asking = undefined;
    this.#authHeaders = undefined;
    this.#pins = noPins;
    this.#flag = "-";
    this.#headSent = false;
    this.#requestPaused = false;
    this.#upstreamPaused = false;
    this.#connectAttempts = 0;
    this.#retries = 0;
    this.#grpcStatus = -1;
    this.#grpcFrom = "gateway";
    this.#endsWithTrailers = false;
    this.bytesOut = 0;
  }

  /** The lines that the engine adds, but for the trace's. */
  #forward(bytes: Buffer, wire: WireRequestHead): string {
    const { trust } = this.#context;
    if (trust.trustedHops === 0) {
      this.#log.sourceIp = this.#peer.address;
      return `${this.#peer.ownLines}${this.request.hostText()}\r\n`;
    }
    const view = forwardTrusted(trust, this.#peer, bytes, wire);
    this.#log.sourceIp = view.address;
    const { forwardClientCertificate: forwarding } = this.#context;
    return forwardClientCertificate(forwarding, this.#peer, { bytes, head: wire }) + view.lines;
  }

  #authorise(runtime: ExternalAuthRuntime): void {
    this.#replayable = this.request.framing !== "none";
    this.#phase = "authorising";
    this.#asking = runtime;
    if (this.#requestComplete || runtime.filter.forwardBodyBytes === 0) {
      this.#askAuth(runtime);
      return;
    }
    if (this.#replay.length > this.#authBodyBytes(runtime)) this.fail("bodyTooLarge");
    else this.#resumeRequest();
  }

  #askAuth(runtime: ExternalAuthRuntime): void {
    const { request } = this;
    const { forwardBodyBytes } = runtime.filter;
    const body = forwardBodyBytes === 0 ? noBytes : contentOf(this.#replay, request.framing);
    if (body.length > forwardBodyBytes) {
      this.fail("bodyTooLarge");
      return;
    }
    const call = makeAuthCall(runtime, this, {
      subject: request,
      facts: {
        ownLines: this.#clientLines + this.#trace.lines,
        clientAddress: this.#log.record.sourceIp,
        listenerPort: this.#peer.port,
        scheme: this.#peer.scheme,
        requestId: this.#trace.requestId,
        protocol: this.#responder.protocol,
        startMs: performance.timeOrigin + this.#startMs,
        body,
      },
      context: this.#context,
    });
    if (call === undefined) {
      this.fail("authUnavailable");
      return;
    }
    this.#auth = call;
    call.start();
  }

  /** Largest body that is held for an authorisation server, with room for the framing of chunks. */
  #authBodyBytes({ filter }: ExternalAuthRuntime): number {
    const { forwardBodyBytes } = filter;
    return this.request.framing === "chunked" ? forwardBodyBytes * 2 + 1_024 : forwardBodyBytes;
  }

  onAuthVerdict(verdict: AuthVerdict): void {
    this.#auth = undefined;
    this.#asking = undefined;
    switch (verdict.kind) {
      case "failed":
        this.fail("authUnavailable");
        return;
      case "denied":
        this.#flag = "UAEX";
        this.#reply(verdict.reply);
        return;
      case "admitted": {
        this.#phase = "waiting";
        const { changes } = verdict;
        applyAuthChanges(this.request, changes);
        if (changes.responseHeaders.length > 0) {
          this.#authHeaders = [...(this.#authHeaders ?? []), ...changes.responseHeaders];
        }
        this.#goOn();
        this.#flushUpstream();
      }
    }
  }

  #chooseBackend(route: RouteRuntime): void {
    const { rule } = route;
    const index = rule.choice.next();
    const backend = index < 0 ? undefined : rule.backends[index]!;
    if (backend?.cluster === undefined) {
      this.fail("invalidBackend");
      return;
    }
    this.#backend = backend;
    this.#backendIndex = index;
    this.#run("backend", backend.steps);
  }

  #askBackend(route: RouteRuntime, backend: BackendRuntime): void {
    const cluster = backend.cluster!;
    if (cluster.broken !== undefined) {
      this.fail(cluster.broken);
      return;
    }
    this.#pins = backend.session === undefined ? noPins : backend.session.pinsOf(this.request, Date.now());
    this.request.serialise(this.#clientLines + this.#trace.lines);
    this.#startMirrors(route);
    this.#replayable = this.request.framing !== "none";
    this.#upstreamStartMs = performance.now();
    cluster.budget?.onRequest(this.#upstreamStartMs);
    this.#attempt(undefined, "idle");
  }

  #startMirrors(route: RouteRuntime): void {
    this.#mirrors = undefined;
    for (const runtime of route.rule.mirrors) {
      if (!runtime.choice.next()) continue;
      const mirror = startMirror(runtime, this.request, this.#context);
      if (mirror === undefined) continue;
      if (this.#replay.length > 0) mirror.onBody(this.#replay.bytes, 0, this.#replay.length);
      if (this.#requestComplete) mirror.onEnd();
      this.#mirrors ??= [];
      this.#mirrors.push(mirror);
    }
  }

  /** Another attempt, after the events of the client's last read are long over. */
  #again(avoid: EndpointState | undefined, reuse: Reuse): void {
    this.#attempt(avoid, reuse);
    this.#flushUpstream();
  }

  #flushUpstream(): void {
    const upstream = this.#upstream;
    if (upstream === undefined || !this.#headSent) return;
    upstream.flush();
    if (!upstream.congested) this.#resumeRequest();
  }

  #attempt(avoid: EndpointState | undefined, reuse: Reuse): void {
    const cluster = this.#backend!.cluster!;
    const pinned = this.#backend!.session?.find(this.#pins, cluster.endpoints, this.#upstreamStartMs);
    const endpoint = pinned !== undefined && pinned !== avoid ? pinned : cluster.choose(this.#upstreamStartMs, avoid);
    if (endpoint === undefined) {
      this.fail("noEndpoints");
      return;
    }
    const { connectTimeoutMs } = cluster.cluster;
    this.#phase = "sending";
    this.#headSent = false;
    this.#connectAttempts++;
    this.#log.upstream = endpoint.label;
    const upstream = openExchange(endpoint, this, { context: this.#context, connectTimeoutMs, reuse });
    if (upstream === undefined) {
      this.fail("overflow");
      return;
    }
    this.#upstream = upstream;
    if (this.#spans !== undefined) this.request.setParentId(this.#spans.beginAttempt(endpoint));
    const { backendRequestMs } = this.#route!.rule.rule.timeouts;
    if (backendRequestMs > 0) this.#attemptTimer = setTimeout(onAttemptTimeout, backendRequestMs, this);
    if (upstream.ready) this.#send();
  }

  /** Sends the head and what is there of the body. */
  #send(): void {
    const upstream = this.#upstream!;
    const { request } = this;
    upstream.sendHead(request);
    this.#headSent = true;
    if (request.framing === "none") return;
    upstream.sendBody(this.#replay.bytes, 0, this.#replay.length);
    if (this.#requestComplete) upstream.sendEnd();
    // An endpoint of HTTP/2 may refuse a stream that it did not look at: the body is kept for that.
    if (upstream.endpoint.protocol === "http2") return;
    const retry = this.#route!.rule.rule.retry;
    if (retry === undefined || this.#retries >= retry.attempts) this.#forgetBody();
  }

  #hasOther(failed: EndpointState): boolean {
    return this.#backend!.cluster!.endpoints.some((endpoint) => endpoint !== failed);
  }

  /** `overBudget`: the rule allows another attempt and the backend's budget does not. Spec: retryConstraint, GEP-3388. */
  #mayRetry(): "yes" | "no" | "overBudget" {
    const retry = this.#route!.rule.rule.retry;
    if (retry === undefined || this.#retries >= retry.attempts) return "no";
    if (this.request.framing !== "none" && !this.#replayable) return "no";
    const budget = this.#backend!.cluster!.budget;
    return budget === undefined || budget.take(performance.now()) ? "yes" : "overBudget";
  }

  /** Another attempt, or the end of the request with `kind`. */
  #retryOr(kind: ProxyErrorKind, failed?: EndpointState): void {
    const may = this.#mayRetry();
    if (may === "yes") this.#retryLater(kind, failed);
    else this.fail(may === "overBudget" ? "retryBudget" : kind);
  }

  #retryLater(reason: string, failed?: EndpointState): void {
    const { rule } = this.#route!.rule;
    clearTimeout(this.#attemptTimer);
    this.#upstream = undefined;
    this.#phase = "waiting";
    this.#headSent = false;
    const factor = 2 ** this.#retries;
    this.#retries++;
    this.#context.telemetry
      .counter("gateway_http_retries_total", rule.routeKind, rule.namespace, rule.name, this.#backend!.name, reason)
      .add(1);
    const backoffMs = rule.retry!.backoffMs * factor;
    this.#attemptTimer = setTimeout(onRetry, backoffMs, this, failed);
  }

  retry(failed: EndpointState | undefined): void {
    this.#again(failed, "idle");
  }

  onAttemptTimeout(): void {
    if (this.#phase !== "sending") {
      this.fail("backendTimeout");
      return;
    }
    this.#spans?.endAttempt({ status: 0, error: "backendTimeout" });
    this.#dropUpstream();
    this.#retryOr("backendTimeout");
  }

  #dropUpstream(): void {
    this.#upstream?.cancel();
    this.#upstream = undefined;
  }

  /** The replay buffer no longer holds the whole body. */
  #forgetBody(): void {
    this.#replayable = false;
    this.#replay.clear();
  }

  #pauseRequest(): void {
    if (this.#requestPaused || (this.#requestComplete && this.#phase !== "tunnel")) return;
    this.#requestPaused = true;
    this.#responder.pauseRequest();
  }

  #resumeRequest(): void {
    if (!this.#requestPaused) return;
    this.#requestPaused = false;
    this.#responder.resumeRequest();
  }

  /** Shows the answer's head to the filters; from here on there is no way back. */
  #passHead(bytes: Buffer, head: WireResponseHead): void {
    this.#phase = "answered";
    this.#status = head.status;
    this.#upstreamStatus = head.status;
    if (this.#retries > 0 && this.#route!.rule.retryCodes.has(head.status)) this.#flag = "URX";
    this.#forgetBody();
    if (this.#grpc) this.#readGrpcStatus(head.value(bytes, ResponseField.grpcStatus));
    const response = this.#response;
    response.begin(head.status, bytes, head);
    if (this.#authHeaders !== undefined) applyAuthHeaders(response, this.#authHeaders);
    const { session } = this.#backend!;
    if (session !== undefined) {
      const { scheme } = this;
      session.remember(response, this.#upstream!.endpoint, { pins: this.#pins, nowMs: Date.now(), scheme });
    }
    for (const filter of this.#backend!.onResponse) filter.onResponse!(this.#response, this);
    for (const filter of this.#route!.onResponse) filter.onResponse!(this.#response, this);
  }

  #readGrpcStatus(text: string | undefined): void {
    if (text !== undefined && /^[0-9]{1,4}$/.test(text)) this.onGrpcStatus(Number(text));
  }

  #replyFromFilter(reply: LocalReply): void {
    if (reply.status >= 500) this.#flag = "FE";
    this.#reply(reply);
  }

  #reply(given: LocalReply): void {
    const reply = this.#grpc && given.status >= 400 ? this.#replyToCall(given) : given;
    this.#dropUpstream();
    this.#phase = "answered";
    this.#status = reply.status;
    const response = this.#response;
    response.begin(reply.status, undefined, undefined);
    if (this.#authHeaders !== undefined) applyAuthHeaders(response, this.#authHeaders);
    for (const [name, value] of reply.headers) response.addHeader(name, value);
    if (this.#route !== undefined) {
      for (const filter of this.#route.onResponse) filter.onResponse!(response, this);
    }
    this.#responder.respondOwn({ status: reply.status, edits: response.edits, body: reply.body });
    this.#finish();
  }

  #errorBody(message: string): string {
    return `${message}\nRequest: ${this.#trace.requestId}\n`;
  }

  #grpcMessage(message: string): string {
    return `${message} Request: ${this.#trace.requestId}`;
  }

  /** A filter's or an authorisation server's refusal, for a gRPC client. */
  #replyToCall(page: LocalReply): LocalReply {
    const name = grpcStatusForHttp(page.status);
    this.#grpcStatus = grpcStatus[name];
    return pageAsGrpc(page, name);
  }

  /** Sees whether a call can be served at all; when not, it has been answered. */
  #beginGrpc(route: RouteRuntime): boolean {
    if (!this.#grpc) {
      if (route.rule.rule.routeKind !== "GRPCRoute") return true;
      this.fail("grpcNeedsHttp2");
      return false;
    }
    const timeoutMs = this.request.grpcTimeoutMs();
    if (timeoutMs === "malformed") {
      this.fail("malformed");
      return false;
    }
    if (timeoutMs !== undefined) this.request.deadlineMs = this.#startMs + timeoutMs;
    return true;
  }

  /** How long the request may take; `Infinity`: as long as it likes. */
  #timeoutMs(route: RouteRuntime): number {
    const { requestMs } = route.rule.rule.timeouts;
    const routeMs = requestMs > 0 ? requestMs : Number.POSITIVE_INFINITY;
    if (!this.#grpc) return routeMs;
    const { request } = this;
    request.deadlineMs = Math.min(request.deadlineMs, this.#startMs + routeMs);
    return Math.max(0, request.deadlineMs - this.#startMs);
  }

  /** Counts the request and takes what the log needs; again when routing has found the route. */
  #startLog(listener: ListenerRuntime, route: RouteRuntime | undefined): void {
    this.#listener = listener;
    if (this.#counted !== listener) {
      this.#counted?.active.add(-1);
      this.#counted = listener;
      listener.active.add(1);
    }
    if (!this.#context.telemetry.accessLogEnabled) return;
    this.#log.begin(this.request, route, this.#context);
    this.#log.record.protocol = this.#responder.protocol;
  }

  #beginSpans({ tracing }: ListenerRuntime): void {
    const { request } = this;
    const trace = this.#trace;
    const place = {
      traceId: trace.traceId,
      spanId: trace.spanId,
      parentId: trace.parentId,
      traceState: trace.traceState,
    };
    this.#spans = new RequestSpans(tracing!, place, {
      method: request.method,
      path: request.path,
      host: request.host,
      protocol: this.#responder.protocol,
      scheme: this.#peer.scheme,
      port: this.#peer.port,
      clientAddress: this.#log.record.sourceIp,
      userAgent: request.known(RequestField.userAgent) ?? "",
      header: (name) => request.header(name),
    });
  }

  #endSpans(spans: RequestSpans): void {
    this.#spans = undefined;
    const flag = this.#flag;
    const status = this.#status;
    // Nothing happens when the attempt has ended already: it failed, and the status is the gateway's own.
    spans.endAttempt({ status: this.#upstreamStatus, error: this.#upstreamStatus === 0 ? "cancelled" : "" });
    const error = flag !== "-" && (flag === "DC" || status >= 500) ? flag : "";
    const { gateway } = this.#listener;
    const rule = this.#route?.rule.rule;
    spans.finish(
      {
        status: flag === "DC" && status === proxyErrors.clientGone.status ? 0 : status,
        error,
        ...(this.#grpc ? { grpcStatus: this.#finalGrpcStatus() } : {}),
      },
      {
        gateway: `${gateway.namespace}/${gateway.name}`,
        route: rule === undefined ? "" : `${rule.namespace}/${rule.name}`,
        pattern: rule === undefined ? "" : this.#pattern,
      },
    );
  }

  #finish(): void {
    this.#clearTimers();
    this.#dropUpstream();
    this.#auth?.cancel();
    this.#auth = undefined;
    this.#forgetBody();
    if (this.#mirrors !== undefined) {
      for (const mirror of this.#mirrors) mirror.onRequestOver();
      this.#mirrors = undefined;
    }
    this.#phase = "over";
    if (this.#spans !== undefined) this.#endSpans(this.#spans);
    this.#observe();
    this.#responder.onExchangeOver();
  }

  #observe(): void {
    const nowMs = performance.now();
    const durationMs = nowMs - this.#startMs;
    const upstreamMs = this.#upstreamStartMs === 0 ? -1 : nowMs - this.#upstreamStartMs;
    const callStatus = this.#grpc ? this.#finalGrpcStatus() : -1;
    const series: HttpSeries = this.#route?.series(this.#backendIndex) ?? this.#listener.unrouted;
    this.#counted?.active.add(-1);
    this.#counted = undefined;
    series.observe(this.request.method, this.#status, durationMs, upstreamMs, this.bytesIn, this.bytesOut);
    if (callStatus >= 0) series.observeGrpc(this.request.path, callStatus, this.#grpcFrom);
    const { telemetry } = this.#context;
    if (!telemetry.accessLogEnabled) return;
    const { record } = this.#log;
    record.labels = series.labels;
    record.statusCode = this.#status;
    record.durationMs = durationMs;
    record.upstreamDurationMs = upstreamMs;
    record.bytesIn = this.bytesIn;
    record.bytesOut = this.bytesOut;
    record.responseFlag = this.#flag;
    record.requestId = this.#trace.requestId;
    record.traceId = this.#trace.traceId;
    record.grpcStatus = callStatus;
    telemetry.accessLog(record);
  }

  /** What the client took for the outcome. gRPC, "HTTP to gRPC status code mapping". */
  #finalGrpcStatus(): number {
    if (this.#grpcStatus >= 0) return this.#grpcStatus;
    if (this.#flag === "DC") return grpcStatus.CANCELLED;
    return grpcStatus[this.#status === 200 ? "UNKNOWN" : grpcStatusForHttp(this.#status)];
  }

  #clearTimers(): void {
    if (this.#requestTimer !== undefined) {
      clearTimeout(this.#requestTimer);
      this.#requestTimer = undefined;
    }
    if (this.#attemptTimer !== undefined) {
      clearTimeout(this.#attemptTimer);
      this.#attemptTimer = undefined;
    }
  }
}

function onRequestTimeout(exchange: Exchange): void {
  exchange.fail("routeTimeout");
}

function onAttemptTimeout(exchange: Exchange): void {
  exchange.onAttemptTimeout();
}

function onRetry(exchange: Exchange, failed: EndpointState | undefined): void {
  exchange.retry(failed);
}
