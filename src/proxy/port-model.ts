import type { HttpListener, HttpRule, Listener, RoutingModel } from "../ir/routing-model.ts";
import type { BoundListener } from "../ir/select.ts";
import type { ResponseFlag } from "../telemetry/response-flag.ts";
import type { Counter, Gauge } from "../telemetry/telemetry.ts";
import type { ClusterRuntime } from "./cluster-runtime.ts";
import { listenerLabels } from "./listener-labels.ts";
import type { PlaneContext } from "./plane-context.ts";
import { type Refusal, refusalRecord } from "./refusal.ts";
import {
  buildRule,
  isCurrent,
  ListenerRuntime,
  type RequestStep,
  RouteRuntime,
  type RuleRuntime,
  resumeRule,
} from "./route-runtime.ts";
import { type HttpListenerTable, RouteTable } from "./route-table.ts";
import type { PortStreams } from "./stream/port-streams.ts";
import { buildPortTls, type PortTls, type TlsOwner } from "./transport/port-tls.ts";
import type { ListenerCertificates } from "./transport/server-tls.ts";

export type PortModelParts = {
  /** Listeners that share the socket, in the model's order: of one protocol, or HTTPS and TLS; not empty. */
  readonly bound: readonly BoundListener[];
  readonly rules: ReadonlyMap<HttpRule, RuleRuntime>;
  /** Every cluster that the model names. */
  readonly clusters: ReadonlyMap<string, ClusterRuntime>;
  /** By listener; empty on a clear port. */
  readonly certificates: ReadonlyMap<Listener, ListenerCertificates>;
  /** Of the TLS or TCP listeners; `undefined` when there are none. */
  readonly streams?: PortStreams | undefined;
};

/** What a socket serves: swapped as a whole; a request keeps the one that it began with. */
export class PortModel {
  /** Of the listeners, before any mapping. */
  readonly port: number;
  readonly table: RouteTable<RouteRuntime>;
  /** Of the HTTPS listeners; `undefined` when there are none. */
  readonly tls: PortTls | undefined;
  readonly streams: PortStreams | undefined;
  readonly servesHttp: boolean;
  /** A listener has filters or records spans: it must be known before the route is. */
  readonly listensBeforeRouting: boolean;
  /** The listener that what no listener is for is counted on. */
  readonly first: BoundListener;
  readonly activeConnections: Gauge;
  readonly acceptedConnections: Counter;
  readonly #listeners: ReadonlyMap<HttpListener, ListenerRuntime>;
  readonly #first: ListenerRuntime | undefined;
  readonly #context: PlaneContext;

  constructor(parts: PortModelParts, context: PlaneContext) {
    const { bound, rules, certificates, streams } = parts;
    const first = bound[0]!;
    const http = bound.filter(isHttp);
    const listeners = new Map<HttpListener, ListenerRuntime>();
    for (const { listener, gateway } of http) {
      listeners.set(listener, new ListenerRuntime(listener, gateway, { clusters: parts.clusters, context }));
    }
    const runtimes = [...listeners.values()];
    this.listensBeforeRouting = runtimes.some(({ chain, tracing }) => chain.steps.length > 0 || tracing !== undefined);
    this.port = first.listener.port;
    this.#context = context;
    this.#listeners = listeners;
    this.first = first;
    this.streams = streams;
    this.#first = http[0] && listeners.get(http[0].listener);
    this.table = RouteTable.build(
      bound,
      (rule, listener) => new RouteRuntime(rules.get(rule)!, listeners.get(listener)!, context),
    );
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
    return (bound === undefined ? undefined : this.#listeners.get(bound.listener)) ?? this.#first!;
  }

  /** Filters that run before routing: of all listeners that act as one, in the model's order. */
  stepsOf({ listeners }: HttpListenerTable<RouteRuntime>): readonly RequestStep[] {
    const [first] = listeners;
    if (listeners.length === 1) return this.listenerOf(first).chain.steps;
    return listeners.flatMap((bound) => this.listenerOf(bound).chain.steps);
  }

  countHandshake(result: "ok" | "failed" | "refused"): void {
    this.#context.telemetry.counter("gateway_tls_handshakes_total", ...this.#labels(), result).add(1);
  }

  /** A request was refused before routing; `undefined`: a whole connection was, without one. */
  onRefused(flag: ResponseFlag, refusal: Refusal | undefined): void {
    const { telemetry } = this.#context;
    telemetry.counter("gateway_http_rejected_requests_total", ...this.#labels(), flag).add(1);
    if (refusal !== undefined && telemetry.accessLogEnabled)
      telemetry.accessLog(refusalRecord(refusal, listenerLabels(this.first)));
  }

  countRejected(reason: string): void {
    this.#context.telemetry.counter("gateway_rejected_connections_total", ...this.#labels(), reason).add(1);
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

/** Every rule of a model: by its own object, which the route table hands out, and by a key that lasts over swaps. */
export type BuiltRules = {
  readonly byRule: ReadonlyMap<HttpRule, RuleRuntime>;
  readonly byKey: ReadonlyMap<string, RuleRuntime>;
};

/** `previous` are the rules of the model before, by key: those of which nothing changed go on as they are. */
export function buildRules(
  routing: RoutingModel,
  parts: {
    readonly clusters: ReadonlyMap<string, ClusterRuntime>;
    readonly previous: ReadonlyMap<string, RuleRuntime>;
  },
  context: PlaneContext,
): BuiltRules {
  const { clusters, previous } = parts;
  const byRule = new Map<HttpRule, RuleRuntime>();
  const byKey = new Map<string, RuleRuntime>();
  for (const gateway of routing.gateways) {
    for (const rule of Object.values(gateway.httpRules)) {
      const key = `${gateway.key}|${rule.key}`;
      const before = previous.get(key);
      const current = before !== undefined && isCurrent(before, rule, clusters);
      const runtime = current ? before : buildRule(rule, clusters, context);
      if (before !== undefined && !current) resumeRule(runtime, before);
      byRule.set(rule, runtime);
      byKey.set(key, runtime);
    }
  }
  return { byRule, byKey };
}
