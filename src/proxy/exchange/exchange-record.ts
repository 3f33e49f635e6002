import type { HttpSeries } from "../../telemetry/telemetry.ts";
import { RequestField } from "../../wire/http1/known-field.ts";
import { proxyErrors } from "../error.ts";
import type { Exchange } from "../exchange.ts";
import { RequestLog } from "../request-log.ts";
import type { ListenerRuntime, RouteRuntime } from "../route-runtime.ts";
import { RequestSpans } from "../tracing/request-spans.ts";
import type { TracingRuntime } from "../tracing/tracing-registry.ts";

/** What is kept of a request for those who watch: its line in the access log, its part of the metrics, its spans. */
export class ExchangeRecord {
  /** Absent: the request is not traced. */
  spans: RequestSpans | undefined;
  /** On the clock of `performance.now`. */
  startMs = 0;
  readonly #exchange: Exchange;
  readonly #log = new RequestLog();
  #listener!: ListenerRuntime;
  /** The listener that counts the request as active. */
  #counted: ListenerRuntime | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    const { peer } = exchange;
    if (peer.scheme === "https") this.#log.record.clientCertificate = peer.clientCertificate.state;
  }

  /** As far as it can be trusted. */
  get clientAddress(): string {
    return this.#log.record.sourceIp;
  }

  set clientAddress(address: string) {
    this.#log.sourceIp = address;
  }

  /** Label of the endpoint that was asked last. */
  set upstream(label: string) {
    this.#log.upstream = label;
  }

  /** A request has come. */
  begin(): void {
    this.startMs = performance.now();
  }

  /** Counts the request and takes what the log needs; again when routing has found the route. */
  place(listener: ListenerRuntime, route: RouteRuntime | undefined): void {
    this.#listener = listener;
    if (this.#counted !== listener) {
      this.#counted?.active.add(-1);
      this.#counted = listener;
      listener.active.add(1);
    }
    const { context, request, responder } = this.#exchange;
    if (!context.telemetry.accessLogEnabled) return;
    this.#log.begin(request, route, context);
    this.#log.record.protocol = responder.protocol;
  }

  beginSpans(tracing: TracingRuntime): void {
    const { request, trace, responder, peer } = this.#exchange;
    const place = {
      traceId: trace.traceId,
      spanId: trace.spanId,
      parentId: trace.parentId,
      traceState: trace.traceState,
    };
    this.spans = new RequestSpans(tracing, place, {
      method: request.method,
      path: request.path,
      host: request.host,
      protocol: responder.protocol,
      scheme: peer.scheme,
      port: peer.port,
      clientAddress: this.#log.record.sourceIp,
      userAgent: request.known(RequestField.userAgent) ?? "",
      header: (name) => request.header(name),
    });
  }

  /** The request is over: everybody who watches is told. */
  finish(): void {
    if (this.spans !== undefined) this.#endSpans(this.spans);
    this.#observe();
  }

  #endSpans(spans: RequestSpans): void {
    this.spans = undefined;
    const { outcome, route, pattern } = this.#exchange;
    const { flag, status, upstreamStatus } = outcome;
    // Nothing happens when the attempt has ended already: it failed, and the status is the gateway's own.
    spans.endAttempt({ status: upstreamStatus, error: upstreamStatus === 0 ? "cancelled" : "" });
    const error = flag !== "-" && (flag === "DC" || status >= 500) ? flag : "";
    const { gateway } = this.#listener;
    const rule = route?.rule.rule;
    spans.finish(
      {
        status: flag === "DC" && status === proxyErrors.clientGone.status ? 0 : status,
        error,
        ...(outcome.grpc ? { grpcStatus: outcome.grpcStatus } : {}),
      },
      {
        gateway: `${gateway.namespace}/${gateway.name}`,
        route: rule === undefined ? "" : `${rule.namespace}/${rule.name}`,
        pattern: rule === undefined ? "" : pattern,
      },
    );
  }

  #observe(): void {
    const { request, route, outcome, attempts, bytesIn, bytesOut } = this.#exchange;
    const nowMs = performance.now();
    const durationMs = nowMs - this.startMs;
    const upstreamMs = attempts.startMs === 0 ? -1 : nowMs - attempts.startMs;
    const callStatus = outcome.grpc ? outcome.grpcStatus : -1;
    const series: HttpSeries = route?.series(this.#exchange.backendIndex) ?? this.#listener.unrouted;
    this.#counted?.active.add(-1);
    this.#counted = undefined;
    series.observe(request.method, outcome.status, durationMs, upstreamMs, bytesIn, bytesOut);
    if (callStatus >= 0) series.observeGrpc(request.path, callStatus, outcome.grpcFrom);
    const { telemetry } = this.#exchange.context;
    if (!telemetry.accessLogEnabled) return;
    const { record } = this.#log;
    record.labels = series.labels;
    record.statusCode = outcome.status;
    record.durationMs = durationMs;
    record.upstreamDurationMs = upstreamMs;
    record.bytesIn = bytesIn;
    record.bytesOut = bytesOut;
    record.responseFlag = outcome.flag;
    record.requestId = this.#exchange.trace.requestId;
    record.traceId = this.#exchange.trace.traceId;
    record.grpcStatus = callStatus;
    telemetry.accessLog(record);
  }
}
