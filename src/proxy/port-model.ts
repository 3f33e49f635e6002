import type { SecureContext } from "node:tls";
import type { HttpListener, HttpRule, RoutingModel } from "../ir/routing-model.ts";
import type { BoundListener } from "../ir/select.ts";
import type { Counter, Gauge } from "../telemetry/telemetry.ts";
import type { ClusterRuntime } from "./cluster-runtime.ts";
import type { PlaneContext } from "./plane-context.ts";
import { buildRule, ListenerRuntime, RouteRuntime, type RuleRuntime } from "./route-runtime.ts";
import { RouteTable } from "./route-table.ts";
import type { ListenerCertificates, ServerContext } from "./transport/server-tls.ts";

/** TLS of one port. */
export type PortTls = {
  /** Equal keys: a handshaker made for one also serves the other. */
  readonly key: string;
  /** Authorities that client certificates are verified with, as a key; `""`: no certificate is asked for. */
  readonly clientAuthorities: string;
  /** Shown to clients without a server name; `undefined`: they are refused. */
  readonly fallback: ServerContext | undefined;
  /** `undefined`: no listener is for that name. */
  contextFor(serverName: string): SecureContext | undefined;
};

export type PortModelParts = {
  /** Listeners of one protocol that share the socket, in the model's order; not empty. */
  readonly bound: readonly BoundListener<HttpListener>[];
  readonly rules: ReadonlyMap<HttpRule, RuleRuntime>;
  /** By listener; empty on a clear port. */
  readonly certificates: ReadonlyMap<HttpListener, ListenerCertificates>;
};

/** What a socket serves: swapped as a whole; a request keeps the one that it began with. */
export class PortModel {
  /** Of the listeners, before any mapping. */
  readonly port: number;
  readonly table: RouteTable<RouteRuntime>;
  readonly tls: PortTls | undefined;
  readonly activeConnections: Gauge;
  readonly acceptedConnections: Counter;
  readonly #listeners: ReadonlyMap<HttpListener, ListenerRuntime>;
  readonly #first: ListenerRuntime;
  readonly #context: PlaneContext;

  constructor({ bound, rules, certificates }: PortModelParts, context: PlaneContext) {
    const first = bound[0]!;
    const listeners = new Map<HttpListener, ListenerRuntime>();
    for (const { listener, gateway } of bound) {
      listeners.set(listener, new ListenerRuntime(listener, gateway, context));
    }
    this.port = first.listener.port;
    this.#context = context;
    this.#listeners = listeners;
    this.#first = listeners.get(first.listener)!;
    this.table = RouteTable.build(
      bound,
      (rule, listener) => new RouteRuntime(rules.get(rule)!, listeners.get(listener)!, context),
    );
    this.tls = first.listener.protocol === "HTTPS" ? this.#makeTls(bound, certificates) : undefined;
    const protocol = this.tls === undefined ? "http" : "https";
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
    return (bound === undefined ? undefined : this.#listeners.get(bound.listener)) ?? this.#first;
  }

  countHandshake(result: "ok" | "failed" | "refused"): void {
    this.#context.telemetry.counter("gateway_tls_handshakes_total", ...this.#labels(), result).add(1);
  }

  countRefused(reason: string): void {
    this.#context.telemetry.counter("gateway_http_rejected_requests_total", ...this.#labels(), reason).add(1);
  }

  #labels(): [gateway: string, namespace: string, listener: string] {
    const { gateway, listener } = this.#first;
    return [gateway.name, gateway.namespace, listener.name];
  }

  #makeTls(
    bound: readonly BoundListener<HttpListener>[],
    certificates: ReadonlyMap<HttpListener, ListenerCertificates>,
  ): PortTls {
    const contextFor = (serverName: string): ListenerCertificates | undefined => {
      const target = this.table.forSni(serverName);
      return target?.kind === "http" ? certificates.get(target.listeners[0]!.listener) : undefined;
    };
    const validations = bound.flatMap(({ listener }) => listener.tls?.clientValidation?.ca ?? []);
    const clientAuthorities = validations.length === 0 ? "" : JSON.stringify(validations);
    const fallback = contextFor("")?.fallback;
    return {
      key: JSON.stringify([clientAuthorities, fallback?.key ?? ""]),
      clientAuthorities,
      fallback,
      contextFor: (serverName) => contextFor(serverName)?.choose(serverName),
    };
  }
}

/** Every rule of a model: by its own object, which the route table hands out, and by a key that lasts over swaps. */
export type BuiltRules = {
  readonly byRule: ReadonlyMap<HttpRule, RuleRuntime>;
  readonly byKey: ReadonlyMap<string, RuleRuntime>;
};

export function buildRules(
  routing: RoutingModel,
  clusters: ReadonlyMap<string, ClusterRuntime>,
  context: PlaneContext,
): BuiltRules {
  const byRule = new Map<HttpRule, RuleRuntime>();
  const byKey = new Map<string, RuleRuntime>();
  for (const gateway of routing.gateways) {
    for (const rule of Object.values(gateway.httpRules)) {
      const runtime = buildRule(rule, clusters, context);
      byRule.set(rule, runtime);
      byKey.set(`${gateway.key}|${rule.key}`, runtime);
    }
  }
  return { byRule, byKey };
}
