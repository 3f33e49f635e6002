import { sameJson } from "../base/same-json.ts";
import { buildProxyFilter } from "../filter/proxy-filters.ts";
import type { Filter, PlacedFilter } from "../ir/filter.ts";
import type { ListenerSettings } from "../ir/listener-settings.ts";
import type { GatewayModel, HttpListener, HttpRule } from "../ir/routing-model.ts";
import type { Counter, Gauge, HttpSeries } from "../telemetry/telemetry.ts";
import type { ProxyFilter } from "./chain.ts";
import type { ClusterRuntime } from "./cluster-runtime.ts";
import { EditedTrailers } from "./edited-trailers.ts";
import { buildExternalAuth, type ExternalAuthRuntime } from "./external-auth/auth-runtime.ts";
import { listenerLabels } from "./listener-labels.ts";
import type { PlaneContext } from "./plane-context.ts";
import { SessionRuntime } from "./session-persistence.ts";
import type { TracingRuntime } from "./tracing/tracing-registry.ts";
import { FractionChoice } from "./upstream/fraction-choice.ts";
import { WeightedChoice } from "./upstream/weighted-choice.ts";

/** One filter that a request meets: it acts at once, an authorisation server is asked, or a copy is taken for a mirror. */
export type RequestStep =
  | { readonly onRequest: NonNullable<ProxyFilter["onRequest"]>; readonly auth: undefined; readonly mirror: undefined }
  | { readonly onRequest: undefined; readonly auth: ExternalAuthRuntime; readonly mirror: undefined }
  | { readonly onRequest: undefined; readonly auth: undefined; readonly mirror: MirrorRuntime };

/** Filters of one place, split by direction. */
export type FilterChain = {
  readonly steps: readonly RequestStep[];
  /** In reverse order, as answers meet them. */
  readonly onResponse: readonly ProxyFilter[];
};

/** One backendRef as requests meet it. */
export type BackendRuntime = FilterChain & {
  readonly name: string;
  /** `undefined`: the reference is not valid and its share of requests answers 500. */
  readonly cluster: ClusterRuntime | undefined;
  /** Absent: clients may come to any endpoint each time. */
  readonly session: SessionRuntime | undefined;
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
  readonly retryCodes: ReadonlySet<number>;
  /** The clusters that it was built with, by key. */
  readonly clusters: ReadonlyMap<string, ClusterRuntime | undefined>;
};

/** Looks clusters up and remembers which. */
class ClusterUse {
  readonly used = new Map<string, ClusterRuntime | undefined>();
  readonly #clusters: ReadonlyMap<string, ClusterRuntime>;

  constructor(clusters: ReadonlyMap<string, ClusterRuntime>) {
    this.#clusters = clusters;
  }

  get(key: string): ClusterRuntime | undefined {
    const cluster = this.#clusters.get(key);
    this.used.set(key, cluster);
    return cluster;
  }
}

/** Where a cluster is found by its key. */
export type ClusterLookup = { get(key: string): ClusterRuntime | undefined };

/** Builds the runtime of a rule. `all` holds every cluster that the model names. */
export function buildRule(
  rule: HttpRule,
  all: ReadonlyMap<string, ClusterRuntime>,
  context: PlaneContext,
): RuleRuntime {
  const clusters = new ClusterUse(all);
  const backends = rule.backends.map((backend): BackendRuntime => {
    const cluster = backend.target.kind === "cluster" ? clusters.get(backend.target.cluster) : undefined;
    return {
      name: cluster?.cluster.name ?? "",
      cluster,
      session: cluster === undefined ? undefined : buildSession(rule, cluster, context),
      ...buildChain(backend.filters, clusters, context),
    };
  });
  return {
    rule,
    backends,
    choice: new WeightedChoice(rule.backends.map(({ weight }) => weight)),
    retryCodes: new Set(rule.retry?.codes),
    clusters: clusters.used,
    ...buildChain(rule.filters, clusters, context),
  };
}

/** The rule's own settings win over the backend's. */
function buildSession(rule: HttpRule, cluster: ClusterRuntime, context: PlaneContext): SessionRuntime | undefined {
  const model = rule.sessionPersistence ?? cluster.cluster.traffic.sessionPersistence;
  return model === undefined ? undefined : new SessionRuntime(model, cluster, context.sessionTokens);
}

/** Goes on with the turns of the same rule in the model before, so that frequent swaps do not starve a small share. */
export function resumeRule(rule: RuleRuntime, previous: RuleRuntime): void {
  rule.choice.resumeFrom(previous.choice);
  resumeMirrors(rule, previous);
  for (const [index, backend] of rule.backends.entries()) {
    const before = previous.backends[index];
    if (before !== undefined) resumeMirrors(backend, before);
  }
}

function resumeMirrors({ steps }: FilterChain, previous: FilterChain): void {
  for (const [index, { mirror }] of steps.entries()) {
    const before = previous.steps[index]?.mirror;
    if (mirror !== undefined && before !== undefined) mirror.choice.resumeFrom(before.choice);
  }
}

/** Builds the filters of one place in their order. */
export function buildChain(
  placed: readonly PlacedFilter[],
  clusters: ClusterLookup,
  context: PlaneContext,
): FilterChain {
  const steps: RequestStep[] = [];
  const onResponse: ProxyFilter[] = [];
  for (const { from, filter } of placed) {
    if (filter.kind === "externalAuth") {
      const auth = buildExternalAuth({ from, filter }, clusters, context);
      steps.push({ onRequest: undefined, auth, mirror: undefined });
      continue;
    }
    if (filter.kind === "requestMirror") {
      const mirror = buildMirror({ from, filter }, clusters, context);
      if (mirror !== undefined) steps.push({ onRequest: undefined, auth: undefined, mirror });
      continue;
    }
    const built = buildProxyFilter(filter);
    if (built?.onRequest !== undefined) {
      steps.push({ onRequest: built.onRequest.bind(built), auth: undefined, mirror: undefined });
    }
    if (built?.onResponse !== undefined) onResponse.unshift(built);
  }
  return { steps, onResponse };
}

/** `undefined` when the reference did not resolve: nothing is mirrored. */
function buildMirror(
  { from, filter }: PlacedFilter & { readonly filter: Extract<Filter, { kind: "requestMirror" }> },
  clusters: ClusterLookup,
  { telemetry }: PlaneContext,
): MirrorRuntime | undefined {
  const cluster = filter.cluster === undefined ? undefined : clusters.get(filter.cluster);
  if (cluster === undefined) return undefined;
  const labels = [from.kind, from.namespace, from.name, cluster.cluster.name] as const;
  const counter = (result: string) => telemetry.counter("gateway_http_mirrored_requests_total", ...labels, result);
  return {
    cluster,
    choice: new FractionChoice(filter.fraction),
    sent: counter("sent"),
    failed: counter("failed"),
    dropped: counter("dropped"),
    inFlight: 0,
  };
}

/** What of a Gateway requests need. Not the whole: a listener that stays as it is would keep an old model alive. */
export type GatewayHead = Pick<GatewayModel, "key" | "namespace" | "name" | "labels">;

/** What a listener adds to the requests on it. */
export class ListenerRuntime {
  readonly gateway: GatewayHead;
  readonly listener: Pick<HttpListener, "name">;
  readonly settings: ListenerSettings;
  readonly chain: FilterChain;
  /** Requests that no route serves. */
  readonly unrouted: HttpSeries;
  /** Requests being served. */
  readonly active: Gauge;
  /** Absent: no spans. */
  readonly tracing: TracingRuntime | undefined;
  readonly #filters: readonly PlacedFilter[];
  readonly #clusters: ReadonlyMap<string, ClusterRuntime | undefined>;
  readonly #context: PlaneContext;
  readonly #routes = new WeakMap<RuleRuntime, RouteRuntime>();

  constructor(
    { name, filters, settings }: HttpListener,
    { key, namespace, name: gatewayName, labels }: GatewayModel,
    parts: { readonly clusters: ReadonlyMap<string, ClusterRuntime>; readonly context: PlaneContext },
  ) {
    const { context } = parts;
    const clusters = new ClusterUse(parts.clusters);
    this.gateway = { key, namespace, name: gatewayName, labels };
    this.listener = { name };
    this.settings = settings;
    this.chain = buildChain(filters, clusters, context);
    this.tracing = context.tracing.get(key);
    this.unrouted = context.telemetry.httpSeries(listenerLabels(this));
    this.active = context.telemetry.gauge("gateway_http_requests_active", gatewayName, namespace, name);
    this.#filters = filters;
    this.#clusters = clusters.used;
    this.#context = context;
  }

  /** Whether it serves on in a model with this listener and these clusters. */
  isCurrent(listener: HttpListener, gateway: GatewayModel, clusters: ClusterLookup): boolean {
    return (
      listener.name === this.listener.name &&
      sameJson(listener.filters, this.#filters) &&
      sameJson(listener.settings, this.settings) &&
      gateway.key === this.gateway.key &&
      sameJson(gateway.labels, this.gateway.labels) &&
      this.tracing === this.#context.tracing.get(gateway.key) &&
      this.#clusters.entries().every(([key, cluster]) => clusters.get(key) === cluster)
    );
  }

  /** In their order. */
  get filters(): readonly Filter[] {
    return this.#filters.map(({ filter }) => filter);
  }

  /** The rule on this listener: the same object for as long as both go on. */
  route(rule: RuleRuntime): RouteRuntime {
    const known = this.#routes.get(rule);
    if (known !== undefined) return known;
    const route = new RouteRuntime(rule, this, this.#context);
    this.#routes.set(rule, route);
    return route;
  }
}

/** A rule on one listener: what a matched request is served with. */
export class RouteRuntime {
  readonly rule: RuleRuntime;
  readonly listener: ListenerRuntime;
  /** Of the rule; the listener's have run before routing. */
  readonly steps: readonly RequestStep[];
  readonly onResponse: readonly ProxyFilter[];
  /** Of all filters that a request may meet here. */
  readonly trailers: EditedTrailers;
  readonly tenant: string;
  readonly environment: string;
  readonly #context: PlaneContext;
  readonly #series: (HttpSeries | undefined)[] = [];
  #unserved: HttpSeries | undefined;

  constructor(rule: RuleRuntime, listener: ListenerRuntime, context: PlaneContext) {
    this.rule = rule;
    this.listener = listener;
    this.steps = rule.steps;
    this.onResponse = [...rule.onResponse, ...listener.chain.onResponse];
    this.trailers = new EditedTrailers([
      ...listener.filters,
      ...[rule.rule, ...rule.rule.backends].flatMap(({ filters }) => filters.map(({ filter }) => filter)),
    ]);
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
      ...listenerLabels(this.listener),
      route_kind: rule.routeKind,
      route_namespace: rule.namespace,
      route_name: rule.name,
      rule: rule.ruleName === "" ? String(rule.ruleIndex) : rule.ruleName,
      backend_name: backendName,
    });
  }
}
