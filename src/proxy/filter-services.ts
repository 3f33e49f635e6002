import { systemClock } from "../base/clock.ts";
import { sameJson } from "../base/same-json.ts";
import type { FilterServices } from "../filter/contract/build.ts";
import type { ClusterKey } from "../ir/cluster.ts";
import type { SecretMaterial, SecretTable } from "../ir/secret-table.ts";
import type { SecretKey } from "../ir/tls.ts";
import type { ClusterRuntime } from "./cluster-runtime.ts";
import type { PlaneContext } from "./plane-context.ts";

/** Where a model's clusters and key material are found. */
export type ModelTables = {
  readonly clusters: ReadonlyMap<ClusterKey, ClusterRuntime>;
  readonly secrets: SecretTable;
};

/** What one thing was built with: when any of it changes, it is built anew. */
export class Dependencies {
  readonly clusters = new Map<ClusterKey, ClusterRuntime | undefined>();
  readonly secrets = new Map<SecretKey, SecretMaterial | undefined>();

  /** Looks a cluster up and remembers it. */
  cluster(key: ClusterKey, { clusters }: ModelTables): ClusterRuntime | undefined {
    const cluster = clusters.get(key);
    this.clusters.set(key, cluster);
    return cluster;
  }

  /** Looks key material up and remembers it. */
  secret(key: SecretKey, { secrets }: ModelTables): SecretMaterial | undefined {
    const material = secrets.get(key);
    this.secrets.set(key, material);
    return material;
  }

  add(other: Dependencies): void {
    for (const [key, cluster] of other.clusters) this.clusters.set(key, cluster);
    for (const [key, material] of other.secrets) this.secrets.set(key, material);
  }

  /** Whether all of it is the same in other tables. */
  hold({ clusters, secrets }: ModelTables): boolean {
    for (const [key, cluster] of this.clusters) if (clusters.get(key) !== cluster) return false;
    for (const [key, material] of this.secrets) if (!sameJson(secrets.get(key), material)) return false;
    return true;
  }
}

/** What the plane offers to one filter; what it looks up is noted in `dependencies`. */
export function filterServices(
  at: Pick<FilterServices, "from" | "place">,
  parts: { readonly tables: ModelTables; readonly dependencies: Dependencies },
  context: PlaneContext,
): FilterServices {
  const { tables, dependencies } = parts;
  return {
    ...at,
    cluster: (key) => dependencies.cluster(key, tables),
    secret: (key) => dependencies.secret(key, tables),
    requests: context.requests,
    redis: context.redis,
    shared: context.shared,
    web: context.web,
    telemetry: context.telemetry,
    clock: systemClock,
    random: context.random,
    limits: context.limits,
    signingKey: context.signingKey,
    publicPort: (port) => context.publicPort(port),
  };
}
