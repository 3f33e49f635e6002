import type { Cluster } from "./cluster.ts";
import { secretKeysOfFilters } from "./filter-references.ts";
import type { HttpRule, Listener, RoutingModel } from "./routing-model.ts";
import type { CaSource, SecretKey } from "./tls.ts";

/** Every row of the secret table that a routing model names. `ofRules` are those of its rules: counting them anew would cost a look at each. */
export function secretKeys({ gateways, clusters }: RoutingModel, ofRules: Iterable<SecretKey>): ReadonlySet<SecretKey> {
  const keys = new Set<SecretKey>(ofRules);
  for (const gateway of gateways) {
    for (const listener of gateway.listeners) for (const key of secretKeysOfListener(listener)) keys.add(key);
  }
  for (const cluster of Object.values(clusters)) for (const key of secretKeysOfCluster(cluster)) keys.add(key);
  return keys;
}

/** Certificates and CA bundles of a listener that ends TLS, and what its filters name. */
export function secretKeysOfListener(listener: Listener): readonly SecretKey[] {
  const ofFilters = "filters" in listener ? secretKeysOfFilters(listener.filters) : [];
  if (!("tls" in listener) || listener.tls?.mode !== "terminate") return ofFilters;
  const { certificates, clientValidation } = listener.tls;
  const revoked = (clientValidation?.revoked ?? []).map(({ key }) => key);
  return [...certificates.map(({ key }) => key), ...bundles(clientValidation?.ca ?? []), ...revoked, ...ofFilters];
}

/** What the filters of a rule and of its backends name. */
export function secretKeysOfRule({ filters, backends }: HttpRule): readonly SecretKey[] {
  return [...secretKeysOfFilters(filters), ...backends.flatMap((backend) => secretKeysOfFilters(backend.filters))];
}

/** CA bundles and the client certificate of a cluster with TLS. */
export function secretKeysOfCluster({ tls }: Pick<Cluster, "tls">): readonly SecretKey[] {
  if (tls === undefined) return [];
  return [...bundles(tls.ca), ...(tls.clientCertificate === undefined ? [] : [tls.clientCertificate])];
}

function bundles(sources: readonly CaSource[]): readonly SecretKey[] {
  return sources.flatMap((source) => (source.kind === "bundle" ? [source.key] : []));
}
