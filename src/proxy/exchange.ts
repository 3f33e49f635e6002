import type { ResponseFlag } from "../telemetry/response-flag.ts";
import type { HttpSeries } from "../telemetry/telemetry.ts";
import { RequestField } from "../wire/http1/known-field.ts";
import type { RequestHead as WireRequestHead } from "../wire/http1/request-head.ts";
import type { ResponseHead as WireResponseHead } from "../wire/http1/response-head.ts";
import type { FilterContext, LocalReply } from "./chain.ts";
import { type ProxyErrorKind, proxyErrors } from "./error.ts";
import { AuthCheck, type AuthOutcome } from "./external-auth.ts";
import { ForwardedRequest } from "./forwarded-request.ts";
import { ForwardedResponse } from "./forwarded-response.ts";
import { forwardTrusted, type Peer } from "./forwarding.ts";
import { type Mirror, startMirror } from "./mirror.ts";
import type { PlaneContext } from "./plane-context.ts";
import type { PortModel } from "./port-model.ts";
import { contentOf, ReplayBuffer } from "./replay-buffer.ts";
import { RequestLog } from "./request-log.ts";
import type { Responder } from "./responder.ts";
import type { BackendRuntime, ListenerRuntime, RouteRuntime } from "./route-runtime.ts";
import type { HttpListenerTable } from "./route-table.ts";
import { TraceHeaders } from "./trace-headers.ts";
import type { EndpointState } from "./upstream/endpoint-state.ts";
import type { FailureProgress, UpstreamEvents, UpstreamExchange } from "./upstream/exchange.ts";
import { openExchange, type Reuse } from "./upstream/pool.ts";

const noBytes = Buffer.alloc(0);

/** Where an exchange stands. `answered`: the head of the answer has gone out. */
type Phase = "over" | "authorising" | "waiting" | "sending" | "answered" | "tunnel";

const safeToRepeat: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/**
 * One request from its parsed head to the last byte of its answer: routing, filters, the choice of an endpoint, attempts,
 * time limits, telemetry. Knows no socket. One object per downstream connection (per stream, where there are streams), reused.
 */
export class Exchange implements UpstreamEvents, FilterContext, AuthOutcome {
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
  #auth: AuthCheck | undefined;
  #clientLines = "";
  matchedPrefix: string | undefined;
  origin: string | undefined;
  #startMs = 0;
  #upstreamStartMs = 0;
  #status = 0;
  #flag: ResponseFlag = "-";
  #headSent = false;
  #requestComplete = false;
  #requestPaused = false;
  #upstreamPaused = false;
  /** The replay buffer holds the whole body so far: the request can be sent again. */
  #replayable = false;
  #connectAttempts = 0;
  #retries = 0;
  #requestTimer: NodeJS.Timeout | undefined;
  #attemptTimer: NodeJS.Timeout | undefined;

  constructor(context: PlaneContext, responder: Responder, peer: Peer) {
    this.#context = context;
    this.#responder = responder;
    this.#peer = peer;
  }

  /** No request is being served. */
  get over(): boolean {
    return this.#phase === "over";
  }

  /** The parsed head given to `begin` is still needed. */
  get keepsHead(): boolean {
    return this.#phase === "authorising";
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
    this.#trace.begin(request);
    const clientLines = this.#forward(bytes, wire);
    const matched = model.table.match(request, connection);
    if (typeof matched === "string") {
      this.#listener = model.listenerOf(connection?.listeners[0] ?? model.table.forHost(request.host)?.listeners[0]);
      this.#startLog(undefined);
      this.fail(matched === "misdirected" ? "misdirected" : "noRoute");
      return;
    }
    const route = matched.runtime;
    this.#route = route;
    this.#listener = route.listener;
    this.matchedPrefix = matched.matchedPrefix;
    this.origin = request.known(RequestField.origin);
    this.#startLog(route);
    for (const filter of route.onRequest) {
      const reply = filter.onRequest!(request, this);
      if (reply !== undefined) {
        this.#replyFromFilter(reply);
        return;
      }
    }
    this.#clientLines = clientLines;
    const { requestMs } = route.rule.rule.timeouts;
    if (requestMs > 0) this.#requestTimer = setTimeout(onRequestTimeout, requestMs, this);
    if (route.rule.auth === undefined) this.#chooseBackend(route);
    else this.#authorise(route);
  }

  /** Part of the request's body, in its framing. */
  onRequestBody(bytes: Buffer, start: number, end: number): void {
    const { limits } = this.#context;
    this.bytesIn += end - start;
    if (this.#mirrors !== undefined) for (const mirror of this.#mirrors) mirror.onBody(bytes, start, end);
    if (this.#replayable) this.#replay.append(bytes, start, end);
    const upstream = this.#upstream;
    if (this.#phase === "authorising" && this.#auth === undefined) {
      if (this.#replay.length > this.#authBodyBytes()) this.fail("bodyTooLarge");
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
      this.#askAuth(contentOf(this.#replay, this.request.framing));
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
    this.failWith(row.status, row.flag, row.message);
  }

  failWith(status: number, flag: ResponseFlag, message: string): void {
    if (this.#phase === "over") return;
    this.#flag = flag;
    if (this.#phase === "answered" || this.#phase === "tunnel") {
      this.#responder.abort();
      this.#finish();
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
    if (this.#route!.rule.retryCodes.has(head.status) && this.#mayRetry()) {
      this.#dropUpstream();
      this.#retryLater(String(head.status));
      return;
    }
    this.#passHead(bytes, head);
    const body = head.body(this.request.method);
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
    if (progress === "unsent" && this.#connectAttempts < connectAttempts && this.#hasOther(failed)) {
      this.#again(failed, "idle");
      return;
    }
    if (proxyErrors[kind].retry === "allowed" && this.#mayRetry()) this.#retryLater(kind, failed);
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
    this.#flag = "-";
    this.#headSent = false;
    this.#requestPaused = false;
    this.#upstreamPaused = false;
    this.#connectAttempts = 0;
    this.#retries = 0;
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
    return view.lines;
  }

  #authorise(route: RouteRuntime): void {
    this.#replayable = this.request.framing !== "none";
    this.#phase = "authorising";
    if (this.request.framing === "none" || route.rule.auth!.filter.forwardBodyBytes === 0) this.#askAuth(noBytes);
  }

  #askAuth(content: Buffer): void {
    this.#auth = new AuthCheck(this.#route!.rule.auth!, content, this.#context, this);
    this.#auth.ask(this.request);
  }

  /** Largest body that is held for the authorisation server, with room for the framing of chunks. */
  #authBodyBytes(): number {
    const { forwardBodyBytes } = this.#route!.rule.auth!.filter;
    return this.request.framing === "chunked" ? forwardBodyBytes * 2 + 1_024 : forwardBodyBytes;
  }

  onAllowed(fields: readonly (readonly [name: string, value: string])[]): void {
    const route = this.#route!;
    this.#auth = undefined;
    this.#phase = "waiting";
    for (const [name, value] of fields) this.request.setHeader(name, value);
    for (const filter of route.rule.onAuthorised) {
      const reply = filter.onRequest!(this.request, this);
      if (reply !== undefined) {
        this.#replyFromFilter(reply);
        return;
      }
    }
    this.#chooseBackend(route);
    this.#flushUpstream();
  }

  onDenied(reply: LocalReply): void {
    this.#auth = undefined;
    this.#flag = "UAEX";
    this.#reply(reply);
  }

  onAuthUnavailable(): void {
    this.#auth = undefined;
    this.fail("authUnavailable");
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
    for (const filter of backend.onRequest) {
      const reply = filter.onRequest!(this.request, this);
      if (reply !== undefined) {
        this.#replyFromFilter(reply);
        return;
      }
    }
    if (backend.cluster.broken !== undefined) {
      this.fail(backend.cluster.broken);
      return;
    }
    this.request.serialise(this.#clientLines + this.#trace.lines);
    this.#startMirrors(route);
    this.#replayable = this.request.framing !== "none";
    this.#upstreamStartMs = performance.now();
    backend.cluster.budget?.onRequest(this.#upstreamStartMs);
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
    const endpoint = cluster.choose(this.#upstreamStartMs, avoid);
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
    const retry = this.#route!.rule.rule.retry;
    if (retry === undefined || this.#retries >= retry.attempts) this.#forgetBody();
  }

  #hasOther(failed: EndpointState): boolean {
    return this.#backend!.cluster!.endpoints.some((endpoint) => endpoint !== failed);
  }

  #mayRetry(): boolean {
    const retry = this.#route!.rule.rule.retry;
    if (retry === undefined || this.#retries >= retry.attempts) return false;
    if (this.request.framing !== "none" && !this.#replayable) return false;
    const budget = this.#backend!.cluster!.budget;
    return budget === undefined || budget.take(performance.now());
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
    this.#dropUpstream();
    if (this.#mayRetry()) this.#retryLater("backendTimeout");
    else this.fail("backendTimeout");
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
    if (this.#retries > 0 && this.#route!.rule.retryCodes.has(head.status)) this.#flag = "URX";
    this.#forgetBody();
    this.#response.begin(head.status, bytes, head);
    for (const filter of this.#backend!.onResponse) filter.onResponse!(this.#response, this);
    for (const filter of this.#route!.onResponse) filter.onResponse!(this.#response, this);
  }

  #replyFromFilter(reply: LocalReply): void {
    if (reply.status >= 500) this.#flag = "FE";
    this.#reply(reply);
  }

  #reply(reply: LocalReply): void {
    this.#dropUpstream();
    this.#phase = "answered";
    this.#status = reply.status;
    const response = this.#response;
    response.begin(reply.status, undefined, undefined);
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

  #startLog(route: RouteRuntime | undefined): void {
    this.#listener.active.add(1);
    if (this.#context.telemetry.accessLogEnabled) this.#log.begin(this.request, route, this.#context);
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
    this.#observe();
    this.#responder.onExchangeOver();
  }

  #observe(): void {
    const nowMs = performance.now();
    const durationMs = nowMs - this.#startMs;
    const upstreamMs = this.#upstreamStartMs === 0 ? -1 : nowMs - this.#upstreamStartMs;
    const series: HttpSeries = this.#route?.series(this.#backendIndex) ?? this.#listener.unrouted;
    this.#listener.active.add(-1);
    series.observe(this.request.method, this.#status, durationMs, upstreamMs, this.bytesIn, this.bytesOut);
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
    telemetry.accessLog(record);
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
