import type { Cluster } from "../../ir/cluster.ts";
import type { Endpoint } from "../../ir/endpoint-table.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import { indexByNamespace, type SnapshotIndex } from "../../store/snapshot-index.ts";
import { compareAge } from "../order/age.ts";
import { backendEndpoints } from "./backend-object.ts";
import { hostEndpoint } from "./host-cluster.ts";

type EndpointSlice = Resource<"EndpointSlice">;
type SliceEndpoint = EndpointSlice["endpoints"][number];

/** Tells which Service an EndpointSlice belongs to. */
const serviceNameLabel = "kubernetes.io/service-name";

const byService: SnapshotIndex<"EndpointSlice"> = {
  kind: "EndpointSlice",
  keysOf: ({ metadata }) => {
    const service = metadata.labels[serviceNameLabel];
    return service === undefined ? [] : [`${metadata.namespace}/${service}`];
  },
};
const byNamespace = indexByNamespace("EndpointSlice");

/** The EndpointSlices of a Service, by age and name: of two with one address the same is kept whatever the order of the input. */
export function slicesOf(snapshot: Snapshot, namespace: string, service: string): readonly EndpointSlice[] {
  return [...snapshot.find(byService, `${namespace}/${service}`)].sort(compareAge);
}

/**
 * The endpoints of one cluster, in order of address and port. Those that are ready serve; when none is, those that are shutting
 * down but still serve. `undefined` when its Service does not exist: whoever makes stand-ins adds them.
 * Spec: EndpointSlice (KEP-752, KEP-1672), XBackend, Backend.
 */
export function clusterEndpoints(snapshot: Snapshot, cluster: Cluster): readonly Endpoint[] | undefined {
  const outside = hostEndpoint(cluster.endpoints);
  if (outside !== undefined) return [outside];
  switch (cluster.from.kind) {
    case "XBackend":
      return xbackendEndpoints(snapshot, cluster);
    case "Backend":
      return backendEndpoints(snapshot, cluster);
    default:
      return serviceEndpoints(snapshot, cluster);
  }
}

function serviceEndpoints(snapshot: Snapshot, cluster: Cluster): readonly Endpoint[] | undefined {
  const service = snapshot.get("Service", cluster.namespace, cluster.name);
  if (service === undefined) return undefined;
  const { type, externalName } = service.spec;
  if (type === "ExternalName") return externalName ? [{ address: externalName, port: cluster.port }] : [];
  const transport = cluster.protocol === "udp" ? "UDP" : "TCP";
  const ports = (service.spec.ports ?? []).filter((port) => port.port === cluster.port);
  const port = ports.find((candidate) => candidate.protocol === transport) ?? ports[0];
  // A slice carries the port under the name that it has in the Service; its number is the container's.
  return selectEndpoints(slicesOf(snapshot, cluster.namespace, cluster.name), (slice) => {
    const named = slice.ports.find(
      (candidate) => candidate.name === (port?.name ?? "") && candidate.protocol === transport,
    );
    if (named === undefined) return undefined;
    // A slice port without a number stands for every port. Spec: EndpointPort.port.
    return named.port ?? (typeof port?.targetPort === "number" ? port.targetPort : cluster.port);
  });
}

/**
 * An XBackend's endpoints. Pods are not read, so its selector is answered from what is known of them: EndpointSlices that
 * carry the labels themselves, and those of Services whose selector includes them (the Service's pods then have them too).
 */
export function xbackendEndpoints(
  snapshot: Snapshot,
  cluster: Pick<Cluster, "namespace" | "name" | "port">,
): readonly Endpoint[] {
  const backend = snapshot.get("XBackend", cluster.namespace, cluster.name);
  const hostname = backend?.spec.externalHostname?.hostname;
  if (hostname !== undefined) return [{ address: hostname, port: cluster.port }];
  const wanted = Object.entries(backend?.spec.endpointSelector?.matchLabels ?? {});
  if (wanted.length === 0) return [];
  const includes = (labels: Readonly<Record<string, string>>) => wanted.every(([key, value]) => labels[key] === value);
  const slices = [...snapshot.find(byNamespace, cluster.namespace)].sort(compareAge).filter((slice) => {
    if (includes(slice.metadata.labels)) return true;
    const name = slice.metadata.labels[serviceNameLabel];
    const service = name === undefined ? undefined : snapshot.get("Service", cluster.namespace, name);
    return includes(service?.spec.selector ?? {});
  });
  return selectEndpoints(slices, () => cluster.port);
}

/** The endpoints of some slices that may serve, each address and port once, in order. `portOf` leaves a slice out with `undefined`. */
function selectEndpoints(
  slices: readonly EndpointSlice[],
  portOf: (slice: EndpointSlice) => number | undefined,
): readonly Endpoint[] {
  const ready = new Map<string, Endpoint>();
  const draining = new Map<string, Endpoint>();
  for (const slice of slices) {
    const port = portOf(slice);
    // The deprecated FQDN type has no defined meaning for routing.
    if (port === undefined || slice.addressType === "FQDN") continue;
    for (const endpoint of slice.endpoints) {
      const list = isReady(endpoint) ? ready : isDraining(endpoint) ? draining : undefined;
      // All addresses of one endpoint are the same pod; the first is as good as any. Spec: Endpoint.addresses.
      const address = endpoint.addresses[0];
      if (list === undefined || address === undefined) continue;
      const key = `${address} ${port}`;
      if (list.has(key)) continue;
      list.set(key, {
        address,
        port,
        ...(endpoint.zone === undefined ? {} : { zone: endpoint.zone }),
        ...(endpoint.nodeName === undefined ? {} : { nodeName: endpoint.nodeName }),
      });
    }
  }
  const chosen = ready.size > 0 ? ready : draining;
  return [...chosen.values()].sort(compareEndpoints);
}

/** Unknown counts as ready. Spec: EndpointConditions.ready. */
function isReady({ conditions }: SliceEndpoint): boolean {
  return conditions?.ready ?? true;
}

function isDraining({ conditions }: SliceEndpoint): boolean {
  return conditions?.terminating === true && conditions.serving === true;
}

function compareEndpoints(a: Endpoint, b: Endpoint): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return a.port - b.port;
}
