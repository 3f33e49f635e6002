import type { ClusterKey, EndpointsKey } from "../../ir/cluster.ts";
import type { SourceRef } from "../../ir/source-ref.ts";
import { addCluster } from "./add-cluster.ts";
import type { BackendScope } from "./backend-scope.ts";

/** A host of the outside world, as a URI names it. `hostname`: lower case, a name or an address without brackets. */
export type OutsideHost = { readonly scheme: "http" | "https"; readonly hostname: string; readonly port: number };

/** Begins the keys of rows of the endpoint table that need no object: a host and its port follow. No namespace has capitals. */
const hostMark = "Host/";

/**
 * The cluster of a host that a policy names itself, at `from`, rather than by a backend. With https it is verified by its name
 * against the roots of the gateway's system.
 */
export function addHostCluster(scope: BackendScope, host: OutsideHost, from: SourceRef): ClusterKey {
  const { scheme, hostname, port } = host;
  return addCluster(scope, {
    from,
    endpoints: hostEndpoints(host),
    port,
    protocol: "http1",
    tls: scheme === "https" ? { hostname, ca: [{ kind: "system" }], subjectAltNames: [] } : undefined,
    tlsName: scheme === "https" ? "system" : undefined,
    traffic: {},
  });
}

/** The row of the endpoint table for a host and port. */
export function hostEndpoints({ hostname, port }: Pick<OutsideHost, "hostname" | "port">): EndpointsKey {
  return `${hostMark}${hostname}:${port}`;
}

/** The endpoint that such a row names; `undefined` for others. */
export function hostEndpoint(endpoints: string): { readonly address: string; readonly port: number } | undefined {
  if (!endpoints.startsWith(hostMark)) return undefined;
  const colon = endpoints.lastIndexOf(":");
  return { address: endpoints.slice(hostMark.length, colon), port: Number(endpoints.slice(colon + 1)) };
}
