import { noteTouched } from "../../base/record-changes.ts";
import { sameJson } from "../../base/same-json.ts";
import type { Cluster, ClusterKey } from "../../ir/cluster.ts";
import { compareText } from "../order/by-name.ts";
import { SortedList } from "../order/sorted-list.ts";

type Held = { cluster: Cluster; holders: number };

/** Clusters that a change has touched. */
export type ClusterChange = { readonly before: Cluster | undefined; readonly after: Cluster | undefined };

/** The clusters that are named somewhere in the routing model. Two with one key say the same. */
export class ClusterTable {
  readonly #held = new Map<ClusterKey, Held>();
  readonly #sorted = new SortedList<Cluster>((a, b) => compareText(a.key, b.key));
  readonly #before = new Map<ClusterKey, Cluster | undefined>();
  #record: Readonly<Record<ClusterKey, Cluster>> = {};

  add(clusters: ReadonlyMap<ClusterKey, Cluster>): void {
    for (const [key, cluster] of clusters) {
      const held = this.#touch(key);
      if (held === undefined) {
        this.#held.set(key, { cluster, holders: 1 });
        continue;
      }
      held.holders++;
      if (!sameJson(held.cluster, cluster)) held.cluster = cluster;
    }
  }

  remove(clusters: ReadonlyMap<ClusterKey, Cluster>): void {
    for (const key of clusters.keys()) {
      const held = this.#touch(key);
      if (held !== undefined) held.holders--;
    }
  }

  /** Takes in what has been added and removed. Returns the clusters that are not what they were. */
  flush(): readonly ClusterChange[] {
    const changes: ClusterChange[] = [];
    for (const [key, before] of this.#before) {
      const held = this.#held.get(key);
      if (held?.holders === 0) this.#held.delete(key);
      const after = held?.holders === 0 ? undefined : held?.cluster;
      if (before !== after) changes.push({ before, after });
    }
    this.#before.clear();
    if (changes.length === 0) return changes;
    this.#sorted.patch(
      changes.flatMap(({ before }) => before ?? []),
      changes.flatMap(({ after }) => after ?? []),
    );
    const record = Object.fromEntries(this.#sorted.items.map((cluster) => [cluster.key, cluster]));
    const touched = changes.map(({ before, after }) => (after ?? before)!.key);
    noteTouched(record, this.#record, touched);
    this.#record = record;
    return changes;
  }

  /** In order of their keys. */
  get clusters(): readonly Cluster[] {
    return this.#sorted.items;
  }

  /** By key, keys in order; the same object for as long as nothing changes. */
  get record(): Readonly<Record<ClusterKey, Cluster>> {
    return this.#record;
  }

  #touch(key: ClusterKey): Held | undefined {
    const held = this.#held.get(key);
    if (!this.#before.has(key)) this.#before.set(key, held?.cluster);
    return held;
  }
}
