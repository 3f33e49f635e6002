import type { Cluster } from "./cluster.ts";
import type { Listener, RoutingModel } from "./routing-model.ts";
import type { CaSource, SecretKey } from "./tls.ts";

/** Every row of the secret table that a routing model names. */
export function secretKeys({ gateways, clusters }: RoutingModel): ReadonlySet<SecretKey> {
  const keys = new Set<SecretKey>();
  for (const gateway of gateways) {
    for (const listener of gateway.listeners) for (const key of secretKeysOfListener(listener)) keys.add(key);
  }
  for (const cluster of Object.values(clusters)) for (const key of secretKeysOfCluster(cluster)) keys.add(key);
  return keys;
}

/** Certificates and CA bundles of a listener that ends TLS. */
export function secretKeysOfListener(listener: Listener): readonly SecretKey[] {
  if (!("tls" in listener) || listener.tls?.mode !== "terminate") return [];
  const { certificates, clientValidation } = listener.tls;
  return [...certificates.map(({ key }) => key), ...bundles(clientValidation?.ca ?? [])];
}

/** CA bundles and the client certificate of a cluster with TLS. */
export function secretKeysOfCluster({ tls }: Pick<Cluster, "tls">): readonly SecretKey[] {
  if (tls === undefined) return [];
  return [...bundles(tls.ca), ...(tls.clientCertificate === undefined ? [] : [tls.clientCertificate])];
}

function bundles(sources: readonly CaSource[]): readonly SecretKey[] {
  return sources.flatMap((source) => (source.kind === "bundle" ? [source.key] : []));
}
