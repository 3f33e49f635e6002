import { buildProxyFilters } from "../filter/proxy-filters.ts";
import type { Filter, PlacedFilter } from "../ir/filter.ts";
import type { GatewayModel, HttpListener, HttpRule } from "../ir/routing-model.ts";
import type { Counter, Gauge, HttpSeries, HttpSeriesLabels } from "../telemetry/telemetry.ts";
import type { ProxyFilter } from "./chain.ts";
import type { ClusterRuntime } from "./cluster-runtime.ts";
import type { ExternalAuthRuntime } from "./external-auth.ts";
import type { PlaneContext } from "./plane-context.ts";
import { FractionChoice } from "./upstream/fraction-choice.ts";
import { WeightedChoice } from "./upstream/weighted-choice.ts";

/** Filters of one place, split by direction. */
export type FilterChain = {
  readonly onRequest: readonly ProxyFilter[];
  /** In reverse order, as answers meet them. */
  readonly onResponse: readonly ProxyFilter[];
};

/** One backendRef as requests meet it. */
export type BackendRuntime = FilterChain & {
  readonly name: string;
  /** `undefined`: the reference is not valid and its share of requests answers 500. */
  readonly cluster: ClusterRuntime | undefined;
};

export type MirrorRuntime = {
  readonly cluster: ClusterRuntime;
  readonly choice: FractionChoice;
  readonly sent: Counter;
  readonly failed: Counter;
  readonly dropped: Counter;
  inFlight: number;
};

/** A rule, shared by the listeners that it is attached to. */
export type RuleRuntime = FilterChain & {
  readonly rule: HttpRule;
  readonly backends: readonly BackendRuntime[];
  readonly choice: WeightedChoice;
  readonly mirrors: readonly MirrorRuntime[];
  readonly auth: ExternalAuthRuntime | undefined;
  /** Filters that the rule lists after its external authorisation. */
  readonly onAuthorised: readonly ProxyFilter[];
  readonly retryCodes: ReadonlySet<number>;
};

/** Builds the runtime of a rule. `clusters` holds every cluster that the model names. */
export function buildRule(
  rule: HttpRule,
  clusters: ReadonlyMap<string, ClusterRuntime>,
  context: PlaneContext,
): RuleRuntime {
  const backends = rule.backends.map((backend): BackendRuntime => {
    const cluster = backend.target.kind === "cluster" ? clusters.get(backend.target.cluster) : undefined;
    return { name: cluster?.cluster.name ?? "", cluster, ...buildChain(backend.filters) };
  });
  const authAt = rule.filters.findIndex(({ filter }) => filter.kind === "externalAuth");
  const before = buildChain(authAt < 0 ? rule.filters : rule.filters.slice(0, authAt));
  const after = buildChain(authAt < 0 ? [] : rule.filters.slice(authAt + 1));
  return {
    rule,
    backends,
    choice: new WeightedChoice(rule.backends.map(({ weight }) => weight)),
    mirrors: buildMirrors(rule, clusters, context),
    auth: buildAuth(rule.filters[authAt]?.filter, clusters),
    retryCodes: new Set(rule.retry?.codes),
    onRequest: before.onRequest,
    onAuthorised: after.onRequest,
    onResponse: [...after.onResponse, ...before.onResponse],
  };
}

function buildAuth(
  filter: Filter | undefined,
  clusters: ReadonlyMap<string, ClusterRuntime>,
): ExternalAuthRuntime | undefined {
  if (filter?.kind !== "externalAuth") return undefined;
  return { filter, cluster: filter.cluster === undefined ? undefined : clusters.get(filter.cluster) };
}

export function buildChain(placed: readonly PlacedFilter[]): FilterChain {
  const filters = buildProxyFilters(placed);
  return {
    onRequest: filters.filter((filter) => filter.onRequest !== undefined),
    onResponse: filters.filter((filter) => filter.onResponse !== undefined).toReversed(),
  };
}

function buildMirrors(
  rule: HttpRule,
  clusters: ReadonlyMap<string, ClusterRuntime>,
  { telemetry }: PlaneContext,
): readonly MirrorRuntime[] {
  const mirrors: MirrorRuntime[] = [];
  for (const { filter } of rule.filters) {
    if (filter.kind !== "requestMirror" || filter.cluster === undefined) continue;
    const cluster = clusters.get(filter.cluster);
    if (cluster === undefined) continue;
    const labels = [rule.routeKind, rule.namespace, rule.name, cluster.cluster.name] as const;
    const counter = (result: string) => telemetry.counter("gateway_http_mirrored_requests_total", ...labels, result);
    mirrors.push({
      cluster,
      choice: new FractionChoice(filter.fraction),
      sent: counter("sent"),
      failed: counter("failed"),
      dropped: counter("dropped"),
      inFlight: 0,
    });
  }
  return mirrors;
}

/** What a listener adds to the requests on it. */
export class ListenerRuntime {
  readonly gateway: GatewayModel;
  readonly listener: HttpListener;
  readonly chain: FilterChain;
  /** Requests that no route serves. */
  readonly unrouted: HttpSeries;
  /** Requests being served. */
  readonly active: Gauge;

  constructor(listener: HttpListener, gateway: GatewayModel, context: PlaneContext) {
    this.gateway = gateway;
    this.listener = listener;
    this.chain = buildChain(listener.filters);
    this.unrouted = context.telemetry.httpSeries(listenerLabels(gateway, listener));
    this.active = context.telemetry.gauge(
      "gateway_http_requests_active",
      gateway.name,
      gateway.namespace,
      listener.name,
    );
  }
}

/** A rule on one listener: what a matched request is served with. */
export class RouteRuntime implements FilterChain {
  readonly rule: RuleRuntime;
  readonly listener: ListenerRuntime;
  readonly onRequest: readonly ProxyFilter[];
  readonly onResponse: readonly ProxyFilter[];
  readonly tenant: string;
  readonly environment: string;
  readonly #context: PlaneContext;
  readonly #series: (HttpSeries | undefined)[] = [];
  #unserved: HttpSeries | undefined;

  constructor(rule: RuleRuntime, listener: ListenerRuntime, context: PlaneContext) {
    this.rule = rule;
    this.listener = listener;
    this.onRequest = [...listener.chain.onRequest, ...rule.onRequest];
    this.onResponse = [...rule.onResponse, ...listener.chain.onResponse];
    const labels = { ...listener.gateway.labels, ...rule.rule.labels };
    this.tenant = labels[context.tenant.label] ?? "";
    this.environment = labels[context.environment.label] ?? "";
    this.#context = context;
  }

  /** Series of a backend by index; -1: no backend was chosen. Made when first asked for. */
  series(backendIndex: number): HttpSeries {
    if (backendIndex < 0) {
      this.#unserved ??= this.#makeSeries("");
      return this.#unserved;
    }
    let series = this.#series[backendIndex];
    if (series === undefined) {
      series = this.#makeSeries(this.rule.backends[backendIndex]!.name);
      this.#series[backendIndex] = series;
    }
    return series;
  }

  #makeSeries(backendName: string): HttpSeries {
    const { rule } = this.rule;
    return this.#context.telemetry.httpSeries({
      ...listenerLabels(this.listener.gateway, this.listener.listener),
      route_kind: rule.routeKind,
      route_namespace: rule.namespace,
      route_name: rule.name,
      rule: rule.ruleName === "" ? String(rule.ruleIndex) : rule.ruleName,
      backend_name: backendName,
    });
  }
}

function listenerLabels(gateway: GatewayModel, listener: HttpListener): HttpSeriesLabels {
  return {
    gateway_name: gateway.name,
    gateway_namespace: gateway.namespace,
    listener: listener.name,
    route_kind: "",
    route_namespace: "",
    route_name: "",
    rule: "",
    backend_name: "",
  };
}
