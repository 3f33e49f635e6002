/** Streams: TLS that is passed through, and the ports of the tcp-services and udp-services ConfigMaps. */
import type { IngressServer, IngressStream } from "../../ingress/ingress-model.ts";
import {
  type GatewayPlan,
  listenerName,
  nothingOfClients,
  type PlannedGateway,
  type WantedListener,
} from "./gateways.ts";
import { carriedAnnotations, carriedLabels } from "./metadata.ts";
import { slug, stemOf } from "./names.ts";
import { gatewayApi, type Workspace } from "./workspace.ts";

/** A TLSRoute for a host whose TLS the backend itself ends. */
export function writePassthrough(server: IngressServer, gateway: PlannedGateway, workspace: Workspace): void {
  const { passthrough, owner, hostname } = server;
  if (passthrough === undefined || owner === undefined) return;
  const { namespace } = owner.metadata;
  const listener: WantedListener = {
    hostname,
    protocol: "TLS",
    port: 443,
    certificate: undefined,
    client: nothingOfClients,
    comment: `TLS of ${hostname} is passed through to Service ${passthrough.service}, as ssl-passthrough asks`,
  };
  gateway.listeners.set(listenerName(listener), listener);
  gateway.routeNamespaces.add(namespace);
  const ref = workspace.serviceRef({ group: gatewayApi, kind: "TLSRoute", namespace }, passthrough);
  workspace.add({
    apiVersion: `${gatewayApi}/v1`,
    kind: "TLSRoute",
    metadata: {
      name: `${stemOf(owner.metadata.name)}-tls`,
      namespace,
      labels: carriedLabels(owner),
      annotations: carriedAnnotations(owner),
    },
    content: {
      spec: {
        parentRefs: [parentRef(gateway, listenerName(listener), namespace)],
        hostnames: [hostname, ...server.aliases],
        rules: [{ backendRefs: ref === undefined ? [] : [ref] }],
      },
    },
    comments: [
      workspace.origin({ ingress: server.settingOwners.passthrough ?? owner, annotations: ["ssl-passthrough"] }),
    ],
    app: owner.metadata.name,
  });
}

/** A listener and a route for each port, in the namespace of its Service. */
export function writeStreams(streams: readonly IngressStream[], gateways: GatewayPlan, workspace: Workspace): void {
  for (const { protocol, port, backend, proxy } of streams) {
    const gateway = gateways.shared();
    const { namespace, service } = backend;
    const kind = protocol === "TCP" ? "TCPRoute" : "UDPRoute";
    const origin = `port ${port} of the ConfigMap of ${protocol} services`;
    const listener: WantedListener = {
      hostname: "",
      protocol,
      port,
      certificate: undefined,
      client: nothingOfClients,
      comment: origin,
    };
    gateway.listeners.set(listenerName(listener), listener);
    gateway.routeNamespaces.add(namespace);
    const ref = workspace.serviceRef({ group: gatewayApi, kind, namespace }, backend);
    const lost = [...(proxy.decode ? ["read from clients"] : []), ...(proxy.encode ? ["written to the Service"] : [])];
    workspace.add({
      apiVersion: `${gatewayApi}/v1`,
      kind,
      metadata: { name: slug(`${service}-${protocol}-${port}`), namespace, labels: {}, annotations: {} },
      content: {
        spec: {
          parentRefs: [parentRef(gateway, listenerName(listener), namespace)],
          rules: [{ backendRefs: ref === undefined ? [] : [ref] }],
        },
      },
      app: undefined,
      comments: [
        `From ${origin}.`,
        ...(lost.length === 0 ? [] : [`By hand: the PROXY protocol was ${lost.join(" and ")}.`]),
      ],
    });
  }
}

function parentRef(gateway: PlannedGateway, sectionName: string, namespace: string) {
  return {
    name: gateway.name,
    ...(gateway.namespace === namespace ? {} : { namespace: gateway.namespace }),
    sectionName,
  };
}
