import { sameJson } from "../base/same-json.ts";
import type { ListenerSettings } from "../ir/listener-settings.ts";
import type { HttpListener, Listener, ListenerKey } from "../ir/routing-model.ts";
import type { BoundListener } from "../ir/select.ts";
import type { ResponseFlag } from "../telemetry/response-flag.ts";
import type { Counter, Gauge } from "../telemetry/telemetry.ts";
import { type FilterChain, joinChains } from "./filter-chain.ts";
import type { ModelTables } from "./filter-services.ts";
import { listenerLabels } from "./listener-labels.ts";
import type { PlaneContext } from "./plane-context.ts";
import { portContext } from "./port-context.ts";
import { type Refusal, refusalRecord } from "./refusal.ts";
import { ListenerRuntime, type RouteRuntime } from "./route-runtime.ts";
import { type HttpListenerTable, RouteTable } from "./route-table.ts";
import type { RuleSet } from "./rule-set.ts";
import type { PortStreams } from "./stream/port-streams.ts";
import { buildPortTls, type PortTls, type TlsOwner } from "./transport/port-tls.ts";
import type { ListenerCertificates } from "./transport/server-tls.ts";

export type PortModelParts = {
  /** Listeners that share the socket, in the model's order: of one protocol, or HTTPS and TLS; not empty. */
  readonly bound: readonly BoundListener[];
  readonly rules: RuleSet;
  /** Every cluster and all key material that the model names. */
  readonly tables: ModelTables;
  /** What the socket serves now; `undefined`: nothing. */
  readonly previous: PortModel | undefined;
  /** `previous` was built of the rules before these, with the options of now: what did not change is taken over. */
  readonly keepsPrevious: boolean;
  /** By listener; empty on a clear port. */
  readonly certificates: ReadonlyMap<Listener, ListenerCertificates>;
  /** Of the TLS or TCP listeners; `undefined` when there are none. */
  readonly streams?: PortStreams | undefined;
};

/** Settings of a listener that what is done before routing depends on. */
const settingsBeforeRouting = [
  "trust",
  "trustedNetworks",
  "clientAddressHeader",
  "forwarding",
  "fieldNames",
  "forwardClientCertificate",
  "requestId",
] as const satisfies readonly (keyof ListenerSettings)[];

/** What a socket serves: swapped as a whole; a request keeps the one that it began with. */
export class PortModel {
  /** Of the listeners, before any mapping. */
  readonly port: number;
  readonly table: RouteTable<RouteRuntime>;
  /** What it was built of. */
  readonly rules: RuleSet;
  /** Of the HTTPS listeners; `undefined` when there are none. */
  readonly tls: PortTls | undefined;
  readonly streams: PortStreams | undefined;
  readonly servesHttp: boolean;
  /** The plane's, with the settings of the port's listeners. */
  readonly context: PlaneContext;
  /** A listener has filters or records spans, or settings of its own: it must be known before the route is. */
  readonly listensBeforeRouting: boolean;
  /** The listener that what no listener is for is counted on. */
  readonly first: BoundListener;
  readonly activeConnections: Gauge;
  readonly acceptedConnections: Counter;
  readonly #listeners: ReadonlyMap<ListenerKey, ListenerRuntime>;
  /** Filters of listeners that act as one, joined when first asked for. */
  readonly #joined = new Map<HttpListenerTable<RouteRuntime>, FilterChain>();
  readonly #first: ListenerRuntime | undefined;

  constructor(parts: PortModelParts, context: PlaneContext) {
    const { bound, rules, certificates, streams, tables, keepsPrevious } = parts;
    const previous = keepsPrevious ? parts.previous : undefined;
    const first = bound[0]!;
    const http = bound.filter(isHttp);
    const listeners = new Map<ListenerKey, ListenerRuntime>();
    const kept = new Set<ListenerKey>();
    for (const { listener, gateway } of http) {
      const known = parts.previous?.listenerByKey(listener.key);
      const current = keepsPrevious && known?.isCurrent(listener, gateway, tables);
      if (current) kept.add(listener.key);
      const made = { tables, context, keepsFilters: keepsPrevious };
      listeners.set(listener.key, current ? known! : new ListenerRuntime(listener, gateway, made, known));
    }
    const runtimes = [...listeners.values()];
    this.listensBeforeRouting = runtimes.some(
      ({ chain, tracing, settings }) =>
        chain.size > 0 ||
        tracing !== undefined ||
        settingsBeforeRouting.some((name) => !sameJson(settings[name], first.listener.settings[name])),
    );
    this.port = first.listener.port;
    this.rules = rules;
    this.context = portContext(
      context,
      bound.map(({ listener }) => listener.settings),
    );
    this.#listeners = listeners;
    this.first = first;
    this.streams = streams;
    this.#first = http[0] && listeners.get(http[0].listener.key);
    this.table = RouteTable.patch(bound, {
      makeRule: (rule, listener, gateway) => listeners.get(listener.key)!.route(rules.get(gateway.key, rule.key)!),
      previous: previous && {
        table: previous.table,
        changedRules: (gateway) => rules.changed(gateway),
        keepsListener: ({ key }) => kept.has(key),
      },
    });
    const secure = http.some(({ listener }) => listener.protocol === "HTTPS");
    this.tls = secure ? this.#makeTls(http, certificates) : undefined;
    this.servesHttp = http.length > 0;
    const protocol = this.tls !== undefined ? "https" : (streams?.kind ?? "http");
    this.activeConnections = context.telemetry.gauge(
      "gateway_downstream_connections_active",
      ...this.#labels(),
      protocol,
    );
    this.acceptedConnections = context.telemetry.counter(
      "gateway_downstream_connections_total",
      ...this.#labels(),
      protocol,
    );
  }

  /** The runtime of a listener; without one, of the port's first: requests that no listener is for are counted there. */
  listenerOf(bound: BoundListener<HttpListener> | undefined): ListenerRuntime {
    return (bound === undefined ? undefined : this.#listeners.get(bound.listener.key)) ?? this.#first!;
  }

  listenerByKey(key: ListenerKey): ListenerRuntime | undefined {
    return this.#listeners.get(key);
  }

  /** Filters that run before routing: of all listeners that act as one, in the model's order. */
  chainOf(table: HttpListenerTable<RouteRuntime>): FilterChain {
    const { listeners } = table;
    if (listeners.length === 1) return this.listenerOf(listeners[0]).chain;
    let chain = this.#joined.get(table);
    if (chain === undefined) {
      chain = joinChains(listeners.map((bound) => this.listenerOf(bound).chain));
      this.#joined.set(table, chain);
    }
    return chain;
  }

  countHandshake(result: "ok" | "failed" | "refused"): void {
    this.context.telemetry.counter("gateway_tls_handshakes_total", ...this.#labels(), result).add(1);
  }

  /** A request was refused before routing; `undefined`: a whole connection was, without one. */
  onRefused(flag: ResponseFlag, refusal: Refusal | undefined): void {
    const { telemetry } = this.context;
    telemetry.counter("gateway_http_rejected_requests_total", ...this.#labels(), flag).add(1);
    if (refusal !== undefined && telemetry.accessLogEnabled)
      telemetry.accessLog(refusalRecord(refusal, listenerLabels(this.first)));
  }

  countRejected(reason: string): void {
    this.context.telemetry.counter("gateway_rejected_connections_total", ...this.#labels(), reason).add(1);
  }

  #labels(): [gateway: string, namespace: string, listener: string] {
    const { gateway, listener } = this.first;
    return [gateway.name, gateway.namespace, listener.name];
  }

  #makeTls(
    bound: readonly BoundListener<HttpListener>[],
    certificates: ReadonlyMap<Listener, ListenerCertificates>,
  ): PortTls {
    const owners = new Map<HttpListener, TlsOwner>();
    for (const { listener } of bound) {
      if (listener.tls !== undefined)
        owners.set(listener, { tls: listener.tls, certificates: certificates.get(listener) });
    }
    return buildPortTls([...owners.values()], (serverName) => {
      const target = this.table.forSni(serverName);
      return target?.kind === "http" ? owners.get(target.listeners[0]!.listener) : undefined;
    });
  }
}

function isHttp(bound: BoundListener): bound is BoundListener<HttpListener> {
  return bound.listener.protocol === "HTTP" || bound.listener.protocol === "HTTPS";
}
