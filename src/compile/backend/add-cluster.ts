import type { Cluster, ClusterKey, UpstreamTls } from "../../ir/cluster.ts";
import { defaultTrafficSettings, type TrafficSettings } from "../../ir/traffic-settings.ts";
import type { BackendScope } from "./backend-scope.ts";

/** Names a row of the endpoint table. XBackends have `XBackend/` before it; no namespace has capitals. */
export function endpointsKey(namespace: string, name: string, port: number): string {
  return `${namespace}/${name}:${port}`;
}

/** What a cluster is made of; `tlsName` says where its TLS comes from. */
export type ClusterParts = Pick<Cluster, "from" | "endpoints" | "port" | "protocol"> & {
  readonly tls: UpstreamTls | undefined;
  readonly tlsName: string | undefined;
  readonly proxyProtocol?: "v2" | undefined;
  /** What is said of it; the rest are defaults. */
  readonly traffic: Partial<TrafficSettings>;
};

/** The key has the endpoints, then whatever makes two uses of one port differ: `shop/web:8080|http2|tls=shop/web-tls`. */
export function addCluster(scope: BackendScope, parts: ClusterParts): ClusterKey {
  const { from, endpoints, port, protocol, tls, tlsName, proxyProtocol, traffic } = parts;
  const key = [
    endpoints,
    ...(protocol === "http1" ? [] : [protocol]),
    ...(proxyProtocol === undefined ? [] : ["proxy-v2"]),
    ...(tls === undefined ? [] : [`tls=${tlsName}`]),
    ...(tls?.clientCertificate === undefined ? [] : [`client=${tls.clientCertificate}`]),
  ].join("|");
  if (!scope.clusters.has(key)) {
    scope.clusters.set(key, {
      key,
      from,
      namespace: from.namespace,
      name: from.name,
      port,
      // A Service may have one number for TCP and for UDP, with endpoints of their own.
      endpoints: protocol === "udp" ? `${endpoints}/udp` : endpoints,
      protocol,
      ...(tls === undefined ? {} : { tls }),
      ...(proxyProtocol === undefined ? {} : { proxyProtocol }),
      traffic: { ...defaultTrafficSettings, ...traffic },
    });
  }
  return key;
}

/** The backend's own certificate wins over the Gateway's. Spec: GatewayBackendTLS.clientCertificateRef. */
export function withClientCertificate(scope: BackendScope, tls: UpstreamTls): UpstreamTls {
  const gatewayCertificate = scope.gateway.backendClientCertificate;
  if (tls.clientCertificate !== undefined || gatewayCertificate === undefined) return tls;
  return { ...tls, clientCertificate: gatewayCertificate };
}
