import type { UpstreamCluster } from "../filter/contract/endpoint.ts";
import type { Cluster } from "../ir/cluster.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { SecretTable } from "../ir/secret-table.ts";
import type { PlaneContext } from "./plane-context.ts";
import { BackendTraffic } from "./upstream/backend-traffic.ts";
import type { BalanceHint } from "./upstream/balance/balance-hint.ts";
import { Balancer } from "./upstream/balance.ts";
import { type ConnectionRules, ordinaryRules } from "./upstream/connection-rules.ts";
import type { BackendMetrics, EndpointRegistry, EndpointState } from "./upstream/endpoint-state.ts";
import { watchEndpoint } from "./upstream/health/watch-endpoint.ts";
import { RetryBudget } from "./upstream/retry/retry-budget.ts";
import { buildUpstreamTlsContext, type UpstreamTlsContext } from "./upstream/tls-context.ts";
import { trafficMetrics } from "./upstream/traffic-metrics.ts";

const noRows: EndpointTable[string] = [];

/** A cluster of the model with its live endpoints. */
export class ClusterRuntime implements UpstreamCluster {
  readonly cluster: Cluster;
  readonly budget: RetryBudget | undefined;
  endpoints: readonly EndpointState[] = [];
  /** What a policy does with the endpoints; `undefined`: there is none. */
  readonly traffic: BackendTraffic | undefined;
  /** Why no endpoint can be spoken to, whatever the endpoint table says. */
  readonly broken: "unsupportedProtocol" | "upstreamTls" | undefined;
  /** The same cluster in a later model. */
  #successor: ClusterRuntime | undefined;
  readonly #balancer: Balancer<EndpointState>;
  readonly #ordinary: ConnectionRules;
  readonly #metrics: BackendMetrics;
  readonly #tls: UpstreamTlsContext | undefined;
  #rows: EndpointTable[string] = noRows;

  constructor(cluster: Cluster, secrets: SecretTable, context: PlaneContext) {
    const { random, telemetry, limits } = context;
    this.cluster = cluster;
    this.#balancer = new Balancer({ turns: cluster.traffic.loadBalancing, slowStartMs: 0, random });
    this.#ordinary = ordinaryRules(limits);
    const { policy } = cluster.traffic;
    this.traffic =
      policy &&
      new BackendTraffic(policy, {
        key: cluster.key,
        limits,
        random,
        ownZone: context.zone,
        metrics: trafficMetrics(telemetry, cluster),
        watch: (endpoint, standing) => watchEndpoint(endpoint, standing, { cluster, context }),
      });
    const labels = [cluster.namespace, cluster.name, String(cluster.port)] as const;
    this.#metrics = {
      active: telemetry.gauge("gateway_upstream_connections", ...labels, "active"),
      idle: telemetry.gauge("gateway_upstream_connections", ...labels, "idle"),
      dialled: (result) => telemetry.counter("gateway_upstream_connects_total", ...labels, result),
    };
    this.budget = cluster.traffic.retryBudget === undefined ? undefined : new RetryBudget(cluster.traffic.retryBudget);
    const tls = cluster.tls === undefined ? undefined : buildUpstreamTlsContext(cluster.tls, secrets);
    this.#tls = tls instanceof Error ? undefined : tls;
    if (tls instanceof Error) this.broken = "upstreamTls";
    else if (cluster.protocol !== "http1" && cluster.protocol !== "http2") this.broken = "unsupportedProtocol";
    else this.broken = undefined;
  }

  /**
   * The cluster as it is now, for requests that began with an earlier model and whose endpoint could not be reached. One that is
   * broken is no one's: its endpoints are not to be spoken to. Nor is one that speaks another protocol: requests have been put
   * together for this one.
   */
  get latest(): ClusterRuntime {
    const next = this.#successor;
    return next === undefined || !this.#isLike(next) ? this : next.latest;
  }

  /** Goes on with the turns of the same cluster in the model before. */
  resumeFrom(previous: ClusterRuntime): void {
    this.#balancer.resumeFrom(previous.#balancer);
    const before = previous.traffic;
    // Of one key, the policies are the same.
    if (before !== undefined) this.traffic?.resumeFrom(before);
  }

  /** The endpoints that may get requests. */
  get serving(): readonly EndpointState[] {
    return this.traffic?.serving ?? this.endpoints;
  }

  /** Stands in for the same cluster in the model before from now on. */
  replace(previous: ClusterRuntime): void {
    previous.#successor = this;
    this.#markLeft(previous.endpoints);
  }

  /** Takes its row of the table. Returns whether that is not the row that it has. */
  setEndpoints(table: EndpointTable, registry: EndpointRegistry): boolean {
    const rows = table[this.cluster.endpoints] ?? noRows;
    if (rows === this.#rows) return false;
    this.#rows = rows;
    const rules = this.traffic?.rules ?? this.#ordinary;
    const dialling = { protocol: this.cluster.protocol, tls: this.#tls, metrics: this.#metrics, rules };
    const before = this.endpoints;
    this.endpoints = rows.map((row) => registry.get(row, dialling));
    this.traffic?.setEndpoints(this.endpoints);
    this.#markLeft(before);
    return true;
  }

  /**
   * The endpoint for the next request; `avoid` only where there is no other. `hint`: what the request says of it, of
   * `traffic.hintOf`. `undefined`: there is none, or none that may be chosen.
   */
  choose(nowMs: number, avoid: EndpointState | undefined, hint?: BalanceHint): EndpointState | undefined {
    if (this.traffic !== undefined) return this.traffic.choose(hint, nowMs, avoid);
    return this.#balancer.choose(this.endpoints, nowMs, avoid);
  }

  #isLike({ broken, cluster }: ClusterRuntime): boolean {
    return broken === undefined && cluster.protocol === this.cluster.protocol;
  }

  #markLeft(before: readonly EndpointState[]): void {
    if (before.length === 0) return;
    const listed = new Set(this.endpoints);
    for (const endpoint of before) if (!listed.has(endpoint)) endpoint.left = true;
  }
}
