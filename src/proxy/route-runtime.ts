import { sameJson } from "../base/same-json.ts";
import { buildSessionPersistence } from "../filter/sessionPersistence/proxy.ts";
import type { PlacedFilter } from "../ir/filter.ts";
import type { ListenerSettings } from "../ir/listener-settings.ts";
import type { GatewayKey, GatewayModel, HttpListener, HttpRule, WeightedBackend } from "../ir/routing-model.ts";
import type { Gauge, HttpSeries } from "../telemetry/telemetry.ts";
import type { ForwardedTrust } from "../wire/forwarded.ts";
import { fieldNameBytes } from "../wire/http1/field-name.ts";
import type { ClusterRuntime } from "./cluster-runtime.ts";
import { EditedTrailers } from "./edited-trailers.ts";
import { buildChain, type ChainParts, type FilterChain } from "./filter-chain.ts";
import { Dependencies, filterServices, type ModelTables } from "./filter-services.ts";
import { KeptBackends } from "./kept-backends.ts";
import { listenerLabels } from "./listener-labels.ts";
import type { PlaneContext } from "./plane-context.ts";
import { forwardedTrust, toldHeaders } from "./port-context.ts";
import type { ToldHeaders } from "./told-headers.ts";
import type { TracingRuntime } from "./tracing/tracing-registry.ts";
import { WeightedChoice } from "./upstream/weighted-choice.ts";

/** One backendRef as requests meet it. */
export type BackendRuntime = {
  readonly name: string;
  /** `undefined`: the reference is not valid and its share of requests answers 500. */
  readonly cluster: ClusterRuntime | undefined;
  readonly chain: FilterChain;
  /** What a client's cookie names it by; `undefined`: none does. */
  readonly keptAs: string | undefined;
};

/** A rule, shared by the listeners that it is attached to. */
export type RuleRuntime = {
  readonly rule: HttpRule;
  readonly chain: FilterChain;
  /** Those of the rule, and behind them its fallback. */
  readonly backends: readonly BackendRuntime[];
  readonly choice: WeightedChoice;
  /** Among the fallback; `undefined`: there is none. */
  readonly fallback: WeightedChoice | undefined;
  /** `undefined`: weights alone decide. */
  readonly kept: KeptBackends | undefined;
  readonly retryCodes: ReadonlySet<number>;
  /** Outcomes of calls that are retried. */
  readonly retryGrpcCodes: ReadonlySet<string>;
  /** What it was built with. */
  readonly dependencies: Dependencies;
};

/** What rules are built with. */
export type RuleParts = Pick<ChainParts, "tables" | "context" | "keepsFilters">;

/** Builds the runtime of a rule. `previous` is that of the same rule in the model before, whose turns and filters go on. */
export function buildRule(
  { rule, gateway }: { readonly rule: HttpRule; readonly gateway: GatewayKey },
  parts: RuleParts,
  previous: RuleRuntime | undefined,
): RuleRuntime {
  const dependencies = new Dependencies();
  const place = `${gateway}/${rule.key}`;
  const { fallback = [] } = rule;
  const backends = [...rule.backends, ...fallback].map((backend, index) => {
    const runtime = buildBackend(rule, backend, {
      ...parts,
      place: `${place}/backends/${index}`,
      previous: previous?.backends[index]?.chain,
      dependencies,
    });
    dependencies.add(runtime.chain.dependencies);
    return runtime;
  });
  const chain = buildChain(rule.filters, { ...parts, place, previous: previous?.chain });
  dependencies.add(chain.dependencies);
  const choice = new WeightedChoice(rule.backends.map(({ weight }) => weight));
  // Frequent swaps must not starve a small share.
  if (previous !== undefined) choice.resumeFrom(previous.choice);
  return {
    rule,
    chain,
    backends,
    choice,
    fallback: fallback.length === 0 ? undefined : new WeightedChoice(fallback.map(({ weight }) => weight)),
    kept: rule.backendCookie === undefined ? undefined : new KeptBackends(rule.backendCookie, rule.backends),
    retryCodes: new Set(rule.retry?.codes),
    retryGrpcCodes: new Set(rule.retry?.triggers?.grpcCodes.map(String)),
    dependencies,
  };
}

function buildBackend(
  rule: HttpRule,
  { from, target, filters, keptAs }: WeightedBackend,
  parts: ChainParts & { readonly dependencies: Dependencies },
): BackendRuntime {
  const { place, tables, context, dependencies } = parts;
  const cluster = target.kind === "cluster" ? dependencies.cluster(target.cluster, tables) : undefined;
  // The rule's own settings win over the backend's.
  const sessions = cluster && (rule.sessionPersistence ?? cluster.cluster.traffic.sessionPersistence);
  const behind =
    cluster === undefined || sessions === undefined
      ? []
      : [
          buildSessionPersistence(
            sessions,
            { cluster: cluster.cluster, keptAs },
            filterServices({ from, place }, { tables, dependencies }, context),
          ),
        ];
  return { name: cluster?.cluster.name ?? "", cluster, chain: buildChain(filters, parts, behind), keptAs };
}

/** What of a Gateway requests need. Not the whole: a listener that stays as it is would keep an old model alive. */
export type GatewayHead = Pick<GatewayModel, "key" | "namespace" | "name" | "labels">;

/** What a listener adds to the requests on it. */
export class ListenerRuntime {
  readonly gateway: GatewayHead;
  readonly listener: Pick<HttpListener, "name">;
  readonly settings: ListenerSettings;
  readonly trust: ForwardedTrust;
  readonly told: ToldHeaders | undefined;
  readonly fieldNames: Uint8Array | undefined;
  readonly chain: FilterChain;
  /** Requests that no route serves. */
  readonly unrouted: HttpSeries;
  /** Requests being served. */
  readonly active: Gauge;
  /** Absent: no spans. */
  readonly tracing: TracingRuntime | undefined;
  readonly #filters: readonly PlacedFilter[];
  readonly #context: PlaneContext;
  readonly #routes = new WeakMap<RuleRuntime, RouteRuntime>();

  constructor(
    { key: listenerKey, name, filters, settings }: HttpListener,
    { key, namespace, name: gatewayName, labels }: GatewayModel,
    parts: RuleParts,
    previous: ListenerRuntime | undefined,
  ) {
    const { context } = parts;
    this.gateway = { key, namespace, name: gatewayName, labels };
    this.listener = { name };
    this.settings = settings;
    this.trust = forwardedTrust(settings);
    this.told = toldHeaders(settings);
    this.fieldNames = fieldNameBytes[settings.fieldNames];
    this.chain = buildChain(filters, { ...parts, place: `${key}/${listenerKey}`, previous: previous?.chain });
    this.tracing = context.tracing.get(key);
    this.unrouted = context.telemetry.httpSeries(listenerLabels(this));
    this.active = context.telemetry.gauge("gateway_http_requests_active", gatewayName, namespace, name);
    this.#filters = filters;
    this.#context = context;
  }

  get forwardClientCertificate(): ListenerSettings["forwardClientCertificate"] {
    return this.settings.forwardClientCertificate;
  }

  get requestId(): ListenerSettings["requestId"] {
    return this.settings.requestId;
  }

  /** Whether it serves on in a model with this listener and what its filters refer to. */
  isCurrent(listener: HttpListener, gateway: GatewayModel, tables: ModelTables): boolean {
    return (
      listener.name === this.listener.name &&
      sameJson(listener.filters, this.#filters) &&
      sameJson(listener.settings, this.settings) &&
      gateway.key === this.gateway.key &&
      sameJson(gateway.labels, this.gateway.labels) &&
      this.tracing === this.#context.tracing.get(gateway.key) &&
      this.chain.dependencies.hold(tables)
    );
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
  /** Of all filters that a request may meet here. */
  readonly trailers: EditedTrailers;
  /** The shorter time of the rule's and the listener's for a request as a whole; `Infinity`: no limit. Milliseconds. */
  readonly timeLimitMs: number;
  /** As {@link timeLimitMs}, of upgraded connections. */
  readonly streamLimitMs: number;
  readonly tenant: string;
  readonly environment: string;
  readonly #context: PlaneContext;
  readonly #series: (HttpSeries | undefined)[] = [];
  #unserved: HttpSeries | undefined;

  constructor(rule: RuleRuntime, listener: ListenerRuntime, context: PlaneContext) {
    this.rule = rule;
    this.listener = listener;
    const chains = [listener.chain, rule.chain, ...rule.backends.map(({ chain }) => chain)];
    this.trailers = new EditedTrailers(chains.map(({ claimedTrailers }) => claimedTrailers));
    const { requestMs, maxStreamMs = 0 } = rule.rule.timeouts;
    const limits = [maxStreamMs, listener.settings.exchangeMs].filter((ms) => ms > 0);
    this.streamLimitMs = Math.min(...limits);
    this.timeLimitMs = requestMs > 0 ? Math.min(requestMs, this.streamLimitMs) : this.streamLimitMs;
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
