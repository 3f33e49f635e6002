import type { Cluster, ClusterKey } from "../ir/cluster.ts";
import type { DataPlaneKey } from "../ir/data-plane.ts";
import type { Endpoint, EndpointTable } from "../ir/endpoint-table.ts";
import type { PlaneUpdate } from "../ir/plane.ts";
import type { GatewayKey, GatewayModel, RoutingModel } from "../ir/routing-model.ts";
import { secretKeys } from "../ir/secret-keys.ts";
import { clusterKeys } from "../ir/used-clusters.ts";
import type { PlaneState } from "./protocol.ts";

/** The part of an update that concerns one data plane. */
export type UpdatePart = Pick<PlaneState, "routing" | "endpoints" | "secrets">;

/**
 * What each data plane may know of an update: its Gateways, and of clusters, endpoints and key material only what those name.
 * Parts are those of the update itself, not copies.
 */
export function splitUpdate(
  { routing, endpoints, secrets }: Pick<PlaneUpdate, "routing" | "endpoints" | "secrets">,
  dataPlaneOf: (gateway: GatewayKey) => DataPlaneKey,
): ReadonlyMap<DataPlaneKey, UpdatePart> {
  const parts = new Map<DataPlaneKey, UpdatePart>();
  for (const [dataPlane, gateways] of Map.groupBy(routing.gateways, ({ key }) => dataPlaneOf(key))) {
    const own: RoutingModel = { gateways, clusters: usedClusters(gateways, routing) };
    parts.set(dataPlane, {
      routing: own,
      endpoints: usedEndpoints(own, endpoints),
      secrets: secrets.exportUnredacted(secretKeys(own)),
    });
  }
  return parts;
}

/** The rows of the table that a model names. */
export function usedEndpoints({ clusters }: RoutingModel, table: EndpointTable): EndpointTable {
  const used: Record<string, readonly Endpoint[]> = {};
  for (const { endpoints: key } of Object.values(clusters)) {
    const row = Object.hasOwn(table, key) ? table[key] : undefined;
    if (row !== undefined) used[key] = row;
  }
  return used;
}

function usedClusters(
  gateways: readonly GatewayModel[],
  { clusters }: RoutingModel,
): Readonly<Record<ClusterKey, Cluster>> {
  const keys = new Set(gateways.flatMap((gateway) => [...clusterKeys(gateway)]));
  const used: Record<ClusterKey, Cluster> = {};
  for (const key of [...keys].sort()) {
    const cluster = clusters[key];
    if (cluster !== undefined) used[key] = cluster;
  }
  return used;
}
