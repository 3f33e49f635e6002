import type { UpstreamCluster } from "../filter/contract/endpoint.ts";
import type { Cluster } from "../ir/cluster.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import type { SecretTable } from "../ir/secret-table.ts";
import type { PlaneContext } from "./plane-context.ts";
import { Balancer } from "./upstream/balance.ts";
import type { BackendMetrics, EndpointRegistry, EndpointState } from "./upstream/endpoint-state.ts";
import { RetryBudget } from "./upstream/retry-budget.ts";
import { buildUpstreamTlsContext, type UpstreamTlsContext } from "./upstream/tls-context.ts";

const noRows: EndpointTable[string] = [];

/** A cluster of the model with its live endpoints. */
export class ClusterRuntime implements UpstreamCluster {
  readonly cluster: Cluster;
  readonly budget: RetryBudget | undefined;
  endpoints: readonly EndpointState[] = [];
  /** Why no endpoint can be spoken to, whatever the endpoint table says. */
  readonly broken: "unsupportedProtocol" | "upstreamTls" | undefined;
  /** The same cluster in a later model. */
  #successor: ClusterRuntime | undefined;
  readonly #balancer: Balancer;
  readonly #metrics: BackendMetrics;
  readonly #tls: UpstreamTlsContext | undefined;
  #rows: EndpointTable[string] = noRows;

  constructor(cluster: Cluster, secrets: SecretTable, { random, telemetry }: PlaneContext) {
    this.cluster = cluster;
    this.#balancer = new Balancer(cluster.traffic.loadBalancing, random);
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
    const dialling = { protocol: this.cluster.protocol, tls: this.#tls, metrics: this.#metrics };
    const before = this.endpoints;
    this.endpoints = rows.map((row) => registry.get(row, dialling));
    this.#markLeft(before);
    return true;
  }

  choose(nowMs: number, avoid: EndpointState | undefined): EndpointState | undefined {
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
