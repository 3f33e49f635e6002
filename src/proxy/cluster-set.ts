import { changesOf } from "../base/record-changes.ts";
import type { Cluster, ClusterKey } from "../ir/cluster.ts";
import type { EndpointTable } from "../ir/endpoint-table.ts";
import { secretKeysOfCluster } from "../ir/secret-keys.ts";
import { SecretTable } from "../ir/secret-table.ts";
import { ClusterRuntime } from "./cluster-runtime.ts";
import type { PlaneContext } from "./plane-context.ts";

/** The clusters of one model. Those of which nothing changed go on as they are. */
export class ClusterSet {
  static readonly empty = new ClusterSet({}, { runtimes: new Map(), replaced: new Set() }, new SecretTable(new Map()));
  readonly runtimes: ReadonlyMap<ClusterKey, ClusterRuntime>;
  /** Clusters that are not what they were in the set before: added, built anew, removed. */
  readonly replaced: ReadonlySet<ClusterKey>;
  readonly #clusters: Readonly<Record<ClusterKey, Cluster>>;
  readonly #secrets: SecretTable;
  /** `undefined`: what the clusters have is not known to be of one table. */
  #endpoints: EndpointTable | undefined = {};

  private constructor(
    clusters: Readonly<Record<ClusterKey, Cluster>>,
    built: Pick<ClusterSet, "runtimes" | "replaced">,
    secrets: SecretTable,
  ) {
    this.#clusters = clusters;
    this.runtimes = built.runtimes;
    this.replaced = built.replaced;
    this.#secrets = secrets;
  }

  /** The clusters of another model; they have no new endpoints before {@link setEndpoints}. */
  next(clusters: Readonly<Record<ClusterKey, Cluster>>, secrets: SecretTable, context: PlaneContext): ClusterSet {
    const { set, gone } = changesOf(this.#clusters, clusters);
    const stale = new Set(set);
    // With TLS, its certificates may have changed although the cluster did not.
    if (secrets !== this.#secrets) {
      for (const [key, { cluster }] of this.runtimes) {
        if (secretKeysOfCluster(cluster).some((secret) => secrets.get(secret) !== this.#secrets.get(secret)))
          stale.add(key);
      }
    }
    for (const key of gone) stale.delete(key);
    const replaced = new Set([...stale, ...gone]);
    const runtimes = replaced.size === 0 ? this.runtimes : new Map(this.runtimes);
    for (const key of gone) (runtimes as Map<ClusterKey, ClusterRuntime>).delete(key);
    for (const key of stale) {
      const known = this.runtimes.get(key);
      const runtime = new ClusterRuntime(clusters[key]!, secrets, context);
      if (known !== undefined) runtime.resumeFrom(known);
      (runtimes as Map<ClusterKey, ClusterRuntime>).set(key, runtime);
    }
    const next = new ClusterSet(clusters, { runtimes, replaced }, secrets);
    next.#endpoints = this.#endpoints;
    return next;
  }

  /** Gives every cluster its row of the table. Returns whether a cluster has other endpoints than before. */
  setEndpoints(table: EndpointTable, context: PlaneContext): boolean {
    const before = this.#endpoints;
    this.#endpoints = table;
    if (before === undefined) return this.#update(this.runtimes.values(), table, context);
    const { set, gone } = changesOf(before, table);
    const touched = new Set([...set, ...gone]);
    const all = new Set([...this.replaced].flatMap((key) => this.runtimes.get(key) ?? []));
    if (touched.size > 0) {
      for (const runtime of this.runtimes.values()) if (touched.has(runtime.cluster.endpoints)) all.add(runtime);
    }
    return this.#update(all, table, context);
  }

  /** A table was given to some clusters only: the next one is given to all, whatever it changes. */
  forgetEndpoints(): void {
    this.#endpoints = undefined;
  }

  #update(runtimes: Iterable<ClusterRuntime>, table: EndpointTable, { registry }: PlaneContext): boolean {
    let changed = false;
    for (const runtime of runtimes) if (runtime.setEndpoints(table, registry)) changed = true;
    return changed;
  }
}
