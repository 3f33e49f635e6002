import type { ExchangeOutcome } from "../../filter/contract/exchange.ts";
import type { HttpSeries } from "../../telemetry/telemetry.ts";
import { RequestField } from "../../wire/http1/known-field.ts";
import { proxyErrors } from "../error.ts";
import type { Peer } from "../forwarding.ts";
import type { PlaneContext } from "../plane-context.ts";
import { RequestLog } from "../request-log.ts";
import type { Responder } from "../responder.ts";
import type { ListenerRuntime, RouteRuntime } from "../route-runtime.ts";
import type { TraceHeaders } from "../trace-headers.ts";
import { RequestSpans } from "../tracing/request-spans.ts";
import type { TracingRuntime } from "../tracing/tracing-registry.ts";
import type { EndpointState } from "../upstream/endpoint-state.ts";
import type { Attempts } from "./attempts.ts";
import type { ExchangeState } from "./exchange-state.ts";

/** What the record of an exchange is made of. */
export interface RecordedExchange {
  readonly context: PlaneContext;
  readonly state: ExchangeState;
  readonly peer: Peer;
  readonly responder: Pick<Responder, "protocol">;
  readonly trace: TraceHeaders;
  readonly attempts: Pick<Attempts, "startMs" | "count">;
}

/** What is kept of a request for those who watch: its line in the access log, its part of the metrics, its spans. */
export class ExchangeRecord {
  /** `undefined`: the request is not traced. */
  #spans: RequestSpans | undefined;
  readonly #exchange: RecordedExchange;
  readonly #log = new RequestLog();
  readonly #end: { -readonly [K in keyof ExchangeOutcome]: ExchangeOutcome[K] } = {
    status: 0,
    upstreamStatus: 0,
    grpcStatus: -1,
    flag: "-",
    bytesIn: 0,
    bytesOut: 0,
    durationMs: 0,
    upstreamMs: -1,
    attempts: 0,
    endpoint: "",
  };
  #listener!: ListenerRuntime;
  /** The listener that counts the request as active. */
  #counted: ListenerRuntime | undefined;

  constructor(exchange: RecordedExchange) {
    this.#exchange = exchange;
    const { peer } = exchange;
    if (peer.scheme === "https") this.#log.record.clientCertificate = peer.clientCertificate.state;
  }

  set clientAddress(address: string) {
    this.#log.sourceIp = address;
  }

  /** An endpoint was chosen. */
  onEndpoint(endpoint: EndpointState): void {
    this.#log.upstream = endpoint.label;
  }

  /** It is asked. */
  onAttempt(endpoint: EndpointState): void {
    if (this.#spans !== undefined) this.#exchange.state.request.setParentId(this.#spans.beginAttempt(endpoint));
  }

  onAttemptEnded(end: { readonly status: number; readonly error: string }): void {
    this.#spans?.endAttempt(end);
  }

  /** Counts the request and takes what the log needs; again when routing has found the route. */
  place(listener: ListenerRuntime, route: RouteRuntime | undefined): void {
    this.#listener = listener;
    if (this.#counted !== listener) {
      this.#counted?.active.add(-1);
      this.#counted = listener;
      listener.active.add(1);
    }
    const { context, state, responder } = this.#exchange;
    if (!context.telemetry.accessLogEnabled) return;
    this.#log.begin(state.request, route, context);
    this.#log.record.protocol = responder.protocol;
  }

  beginSpans(tracing: TracingRuntime): void {
    const { state, trace, responder, peer } = this.#exchange;
    const { request } = state;
    const place = {
      traceId: trace.traceId,
      spanId: trace.spanId,
      parentId: trace.parentId,
      traceState: trace.traceState,
    };
    this.#spans = new RequestSpans(tracing, place, {
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

  /** The request is over: everybody who watches is told. Returns how it ended. */
  finish(): ExchangeOutcome {
    if (this.#spans !== undefined) this.#endSpans(this.#spans);
    return this.#observe();
  }

  #endSpans(spans: RequestSpans): void {
    this.#spans = undefined;
    const { outcome, route, pattern } = this.#exchange.state;
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

  #observe(): ExchangeOutcome {
    const { state, attempts, trace } = this.#exchange;
    const { request, route, outcome, bytesIn, bytesOut } = state;
    const nowMs = performance.now();
    const durationMs = nowMs - state.startMs;
    const upstreamMs = attempts.startMs === 0 ? -1 : nowMs - attempts.startMs;
    const callStatus = outcome.grpc ? outcome.grpcStatus : -1;
    const series: HttpSeries = route?.series(state.backendIndex) ?? this.#listener.unrouted;
    this.#counted?.active.add(-1);
    this.#counted = undefined;
    series.observe(request.method, outcome.status, durationMs, upstreamMs, bytesIn, bytesOut);
    if (callStatus >= 0) series.observeGrpc(request.path, callStatus, outcome.grpcFrom);
    const { record } = this.#log;
    const { telemetry } = this.#exchange.context;
    if (telemetry.accessLogEnabled && route?.rule.rule.accessLog !== "off") {
      record.labels = series.labels;
      record.statusCode = outcome.status;
      record.durationMs = durationMs;
      record.upstreamDurationMs = upstreamMs;
      record.bytesIn = bytesIn;
      record.bytesOut = bytesOut;
      record.responseFlag = outcome.flag;
      record.requestId = trace.requestId;
      record.traceId = trace.traceId;
      record.grpcStatus = callStatus;
      telemetry.accessLog(record);
    }
    const end = this.#end;
    end.status = outcome.status;
    end.upstreamStatus = outcome.upstreamStatus;
    end.grpcStatus = callStatus;
    end.flag = outcome.flag;
    end.bytesIn = bytesIn;
    end.bytesOut = bytesOut;
    end.durationMs = durationMs;
    end.upstreamMs = upstreamMs;
    end.attempts = attempts.count;
    end.endpoint = attempts.count === 0 ? "" : record.upstream;
    return end;
  }
}
