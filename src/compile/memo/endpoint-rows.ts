import { noteTouched } from "../../base/record-changes.ts";
import { sameJson } from "../../base/same-json.ts";
import type { Cluster, EndpointsKey } from "../../ir/cluster.ts";
import type { Endpoint, EndpointTable } from "../../ir/endpoint-table.ts";
import { clusterEndpoints } from "../backend/endpoints.ts";
import { Cell } from "./cell.ts";
import type { ClusterChange } from "./cluster-table.ts";
import type { TrackedSnapshot } from "./tracked-snapshot.ts";

type Row = {
  readonly cell: Cell<readonly Endpoint[] | undefined>;
  /** Any cluster with these endpoints: they agree in what endpoints follow from. */
  readonly clusters: Map<string, Cluster>;
  endpoints: readonly Endpoint[] | undefined;
};

/** The endpoints of all clusters, each row made again only when a Service or EndpointSlice of its own changes. */
export class EndpointRows {
  readonly #rows = new Map<EndpointsKey, Row>();
  readonly #stale = new Set<EndpointsKey>();
  #table: EndpointTable = {};

  /** `changes`: the clusters that came, went or changed. `clusters`: all, in the order of the table. */
  update(tracked: TrackedSnapshot, changes: readonly ClusterChange[], clusters: readonly Cluster[]): EndpointTable {
    for (const { before, after } of changes) {
      if (after) this.#add(after);
      else if (before) this.#remove(tracked, before);
    }
    const touched = changes.flatMap(({ before, after }) => [before, after].flatMap((one) => one?.endpoints ?? []));
    for (const key of this.#stale) {
      const row = this.#rows.get(key);
      const [cluster] = row?.clusters.values() ?? [];
      if (row === undefined || cluster === undefined) continue;
      const endpoints = row.cell.read(tracked, () => clusterEndpoints(tracked, cluster));
      if (sameJson(row.endpoints, endpoints)) continue;
      row.endpoints = endpoints;
      touched.push(key);
    }
    this.#stale.clear();
    if (touched.length > 0) {
      const table = this.#collect(clusters);
      noteTouched(table, this.#table, touched);
      this.#table = table;
    }
    return this.#table;
  }

  #add(cluster: Cluster): void {
    const key = cluster.endpoints;
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { cell: new Cell(() => this.#stale.add(key)), clusters: new Map(), endpoints: undefined };
      this.#rows.set(key, row);
      this.#stale.add(key);
    }
    row.clusters.set(cluster.key, cluster);
  }

  #remove(tracked: TrackedSnapshot, cluster: Cluster): void {
    const row = this.#rows.get(cluster.endpoints);
    row?.clusters.delete(cluster.key);
    if (row?.clusters.size !== 0) return;
    tracked.forget(row.cell);
    this.#rows.delete(cluster.endpoints);
  }

  #collect(clusters: readonly Cluster[]): EndpointTable {
    const table: Record<EndpointsKey, readonly Endpoint[]> = {};
    for (const { endpoints: key } of clusters) {
      const endpoints = this.#rows.get(key)?.endpoints;
      if (endpoints !== undefined) table[key] = endpoints;
    }
    return table;
  }
}
