import { changesOf } from "../base/record-changes.ts";
import { sameElements } from "../base/same-elements.ts";
import { sameJson } from "../base/same-json.ts";
import { UseCount } from "../base/use-count.ts";
import type { DataPlaneKey } from "../infrastructure/data-plane.ts";
import type { Cluster, ClusterKey } from "../ir/cluster.ts";
import type { Endpoint, EndpointTable } from "../ir/endpoint-table.ts";
import type { PlaneUpdate } from "../ir/plane.ts";
import type { GatewayKey, GatewayModel, RoutingModel } from "../ir/routing-model.ts";
import { secretKeysOfCluster, secretKeysOfListener, secretKeysOfRule } from "../ir/secret-keys.ts";
import type { SecretTable } from "../ir/secret-table.ts";
import { clusterKeysOfListener, clusterKeysOfRule } from "../ir/used-clusters.ts";
import { PickedRecord } from "./picked-record.ts";
import type { PlaneState } from "./protocol.ts";

/** The part of an update that concerns one data plane. */
export type UpdatePart = Pick<PlaneState, "routing" | "endpoints" | "secrets">;

/**
 * What each data plane may know of an update: its Gateways, and of clusters, endpoints and key material only what those name.
 * Parts are those of the update itself, not copies, and the same objects as the time before where nothing of them changed.
 */
export class UpdateSplitter {
  readonly #dataPlaneOf: (gateway: GatewayKey) => DataPlaneKey;
  #planes: ReadonlyMap<DataPlaneKey, DataPlanePart> = new Map();

  constructor(dataPlaneOf: (gateway: GatewayKey) => DataPlaneKey) {
    this.#dataPlaneOf = dataPlaneOf;
  }

  split({
    routing,
    endpoints,
    secrets,
  }: Pick<PlaneUpdate, "routing" | "endpoints" | "secrets">): ReadonlyMap<DataPlaneKey, UpdatePart> {
    const planes = new Map<DataPlaneKey, DataPlanePart>();
    for (const [dataPlane, gateways] of Map.groupBy(routing.gateways, ({ key }) => this.#dataPlaneOf(key))) {
      const plane = this.#planes.get(dataPlane) ?? new DataPlanePart();
      plane.update(gateways, { clusters: routing.clusters, endpoints, secrets });
      planes.set(dataPlane, plane);
    }
    this.#planes = planes;
    return this.#parts();
  }

  /** The parts of the last update with other endpoints. */
  withEndpoints(endpoints: EndpointTable): ReadonlyMap<DataPlaneKey, UpdatePart> {
    for (const plane of this.#planes.values()) plane.updateEndpoints(endpoints);
    return this.#parts();
  }

  #parts(): ReadonlyMap<DataPlaneKey, UpdatePart> {
    return new Map([...this.#planes].map(([key, { part }]) => [key, part]));
  }
}

/** One data plane's part, brought up to date at the cost of what changed. */
class DataPlanePart {
  #part: UpdatePart = { routing: { gateways: [], clusters: {} }, endpoints: {}, secrets: {} };
  #gateways: readonly GatewayModel[] = [];
  /** Uses of clusters by gateways, and of rows of endpoints by clusters. */
  readonly #clusterUses = new UseCount();
  readonly #endpointUses = new UseCount();
  readonly #secretUses = new UseCount();
  #secrets: SecretTable | undefined;
  readonly #clusters = new PickedRecord<Cluster>();
  readonly #endpoints = new PickedRecord<readonly Endpoint[]>();

  get part(): UpdatePart {
    return this.#part;
  }

  update(
    gateways: readonly GatewayModel[],
    tables: {
      readonly clusters: Readonly<Record<ClusterKey, Cluster>>;
      readonly endpoints: EndpointTable;
      readonly secrets: SecretTable;
    },
  ): void {
    const { routing } = this.#part;
    this.#countClusters(gateways);
    const before = this.#clusters.picked;
    const clusters = this.#clusters.pick(tables.clusters, this.#clusterUses, this.#clusterUses.takeTouched());
    this.#countUsesBy(before, clusters);
    const same = sameElements(gateways, this.#gateways) && clusters === routing.clusters;
    this.#gateways = gateways;
    const next: RoutingModel = same ? routing : { gateways, clusters };
    const secrets = this.#exportSecrets(tables.secrets);
    if (next !== routing || secrets !== this.#part.secrets) {
      this.#part = { routing: next, endpoints: this.#part.endpoints, secrets };
    }
    this.updateEndpoints(tables.endpoints);
  }

  updateEndpoints(table: EndpointTable): void {
    const endpoints = this.#endpoints.pick(table, this.#endpointUses, this.#endpointUses.takeTouched());
    if (endpoints !== this.#part.endpoints) this.#part = { ...this.#part, endpoints };
  }

  #countClusters(gateways: readonly GatewayModel[]): void {
    const before = new Map(this.#gateways.map((gateway) => [gateway.key, gateway]));
    for (const gateway of gateways) {
      const known = before.get(gateway.key);
      before.delete(gateway.key);
      if (known !== gateway) this.#countClustersOf(known ?? noGateway, gateway);
    }
    for (const gateway of before.values()) this.#countClustersOf(gateway, noGateway);
  }

  #countClustersOf(before: CountedGateway, after: CountedGateway): void {
    this.#clusterUses.add(after.tracing === undefined ? [] : [after.tracing.cluster]);
    this.#clusterUses.remove(before.tracing === undefined ? [] : [before.tracing.cluster]);
    const [old, young] = [new Set(before.listeners), new Set(after.listeners)];
    for (const listener of young.difference(old)) {
      this.#clusterUses.add(clusterKeysOfListener(listener));
      this.#secretUses.add(secretKeysOfListener(listener));
    }
    for (const listener of old.difference(young)) {
      this.#clusterUses.remove(clusterKeysOfListener(listener));
      this.#secretUses.remove(secretKeysOfListener(listener));
    }
    forChanges(before.httpRules, after.httpRules, {
      added: (rule) => {
        this.#clusterUses.add(clusterKeysOfRule(rule));
        this.#secretUses.add(secretKeysOfRule(rule));
      },
      removed: (rule) => {
        this.#clusterUses.remove(clusterKeysOfRule(rule));
        this.#secretUses.remove(secretKeysOfRule(rule));
      },
    });
  }

  /** What clusters use: rows of endpoints, and secrets. */
  #countUsesBy(before: RoutingModel["clusters"], after: RoutingModel["clusters"]): void {
    forChanges(before, after, {
      added: (cluster) => {
        this.#endpointUses.add([cluster.endpoints]);
        this.#secretUses.add(secretKeysOfCluster(cluster));
      },
      removed: (cluster) => {
        this.#endpointUses.remove([cluster.endpoints]);
        this.#secretUses.remove(secretKeysOfCluster(cluster));
      },
    });
  }

  #exportSecrets(table: SecretTable): UpdatePart["secrets"] {
    const before = this.#part.secrets;
    const touched = this.#secretUses.takeTouched();
    if (table === this.#secrets && touched.size === 0) return before;
    this.#secrets = table;
    const exported = table.exportUnredacted(this.#secretUses.keys());
    return sameJson(exported, before) ? before : exported;
  }
}

type CountedGateway = Pick<GatewayModel, "httpRules" | "listeners" | "tracing">;
const noGateway: CountedGateway = { httpRules: {}, listeners: [] };

/** Calls `added` before `removed`: what stays in use all along is not seen to go. */
function forChanges<T>(
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
  { added, removed }: { readonly added: (value: T) => void; readonly removed: (value: T) => void },
): void {
  const { set, gone } = changesOf(before, after);
  for (const key of set) added(after[key]!);
  for (const key of [...set, ...gone]) if (Object.hasOwn(before, key)) removed(before[key]!);
}
