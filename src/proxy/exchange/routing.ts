import type { ReceivedRequest } from "../../wire/head/received-request.ts";
import type { ProxyErrorKind } from "../error.ts";
import type { FilterChain } from "../filter-chain.ts";
import type { Peer } from "../forwarding.ts";
import type { PortModel } from "../port-model.ts";
import type { RouteRuntime } from "../route-runtime.ts";
import type { HttpListenerTable } from "../route-table.ts";
import type { TraceHeaders } from "../trace-headers.ts";
import type { ExchangeFacts } from "./exchange-facts.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { Stage } from "./filter-place.ts";
import { forwardedLines } from "./forwarded-lines.ts";

/** What routing needs of its exchange. */
export interface RoutingHost {
  readonly state: ExchangeState;
  readonly peer: Peer;
  readonly trace: TraceHeaders;
  readonly facts: ExchangeFacts;
  readonly record: ExchangeRecord;
  /** The request comes to the filters of a stage. */
  enter(stage: Stage, chain: FilterChain): void;
  /** The route's time begins to count. False: what the client asks for is malformed. */
  limitTime(route: RouteRuntime): boolean;
  fail(kind: ProxyErrorKind): void;
}

/** Finds the listener, the route and the backend of a request, each once the filters before it have seen the request. */
export class Routing {
  readonly #host: RoutingHost;
  #model!: PortModel;
  /** What the SNI chose; `undefined` on a clear connection. */
  #connection: HttpListenerTable<RouteRuntime> | undefined;

  constructor(host: RoutingHost) {
    this.#host = host;
  }

  begin(received: ReceivedRequest, model: PortModel, connection: HttpListenerTable<RouteRuntime> | undefined): void {
    const { state, peer, trace, facts, record } = this.#host;
    const { request } = state;
    this.#model = model;
    this.#connection = connection;
    const table = model.listensBeforeRouting ? (connection ?? model.table.forHost(request.host)) : undefined;
    const listener = table === undefined ? undefined : model.listenerOf(table.listeners[0]);
    const settings = listener ?? model.context;
    if (settings.fieldNames !== undefined) received.forgetNames(settings.fieldNames);
    trace.begin(request, listener?.tracing, settings);
    const view = forwardedLines(received, { peer, hostText: request.hostText() }, settings);
    facts.clientAddress = view.address;
    record.clientAddress = view.address;
    request.setOwnLines(view.lines + trace.lines, settings.told?.names);
    if (view.sentHost !== undefined) request.setHost(view.sentHost);
    if (table === undefined || listener === undefined) {
      this.findRoute();
      return;
    }
    if (listener.tracing !== undefined && trace.spanId !== "") record.beginSpans(listener.tracing);
    record.place(listener, undefined);
    if (table.keepsPaths) request.keepPath();
    this.#host.enter("listener", model.chainOf(table));
  }

  findRoute(): void {
    const host = this.#host;
    const { state, record } = host;
    const { request } = state;
    const model = this.#model;
    const connection = this.#connection;
    const matched = model.table.match(request, connection);
    if (typeof matched === "string") {
      const table = connection ?? model.table.forHost(request.host);
      record.place(model.listenerOf(table?.listeners[0]), undefined);
      host.fail(matched === "misdirected" || matched === "ambiguousPath" ? matched : "noRoute");
      return;
    }
    const route = matched.runtime;
    if (matched.keepsPath) request.keepPath();
    state.route = route;
    state.pattern = matched.entry.match.path.value;
    host.facts.onRule(matched.matchedPrefix);
    const { silence, sendSilenceMs = 0 } = route.rule.rule.timeouts;
    request.silence = silence;
    request.sendSilenceMs = sendSilenceMs;
    record.place(route.listener, route);
    if (request.grpc && !state.outcome.grpc && route.rule.rule.routeKind === "GRPCRoute") host.fail("grpcNeedsHttp2");
    else if (!host.limitTime(route)) host.fail("malformed");
    else host.enter("rule", route.rule.chain);
  }

  chooseBackend(): void {
    const { state } = this.#host;
    const { rule } = state.route!;
    const kept = rule.kept?.find(state.request.header("cookie"), rule.backends) ?? -1;
    let index = kept >= 0 ? kept : rule.choice.next();
    let backend = index < 0 ? undefined : rule.backends[index]!;
    if (rule.fallback !== undefined && backend?.cluster !== undefined && backend.cluster.serving.length === 0) {
      const other = rule.fallback.next();
      if (other >= 0) {
        index = rule.rule.backends.length + other;
        backend = rule.backends[index]!;
      }
    }
    if (backend?.cluster === undefined) {
      this.#host.fail("invalidBackend");
      return;
    }
    state.backend = backend;
    state.backendIndex = index;
    this.#host.enter("backend", backend.chain);
  }
}
