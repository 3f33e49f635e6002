/** Kinds of controllers of Ingresses, by group and kind: what becomes of each. */
import { type Becoming, infrastructure, manual, policy, standard } from "./becoming.ts";
import type { ControllerName } from "./controllers.ts";

export type ForeignKind = { readonly controller: ControllerName; readonly becomes: Becoming };

const traefikKinds: Readonly<Record<string, Becoming>> = {
  IngressRoute: standard("HTTPRoute"),
  IngressRouteTCP: standard("TLSRoute, TCPRoute"),
  IngressRouteUDP: standard("UDPRoute"),
  Middleware: standard("HTTPRoute rules[].filters[].extensionRef: Middlewares are read as they are"),
  MiddlewareTCP: policy("SecurityPolicy authorization, ClientTrafficPolicy connection"),
  ServersTransport: policy("BackendTLSPolicy, BackendTrafficPolicy timeout"),
  ServersTransportTCP: policy("BackendTLSPolicy, BackendTrafficPolicy timeout"),
  TLSOption: policy("ClientTrafficPolicy tls"),
  TLSStore: standard("Gateway listeners[].tls.certificateRefs of a listener without a hostname"),
  TraefikService: standard("HTTPRoute rules[].backendRefs[].weight, rules[].filters[].requestMirror"),
};

const kongKinds: Readonly<Record<string, Becoming>> = {
  KongClusterPlugin: manual("each plugin has a policy or filter of its own"),
  KongConsumer: policy("SecurityPolicy apiKeyAuth, basicAuth, jwt"),
  KongConsumerGroup: manual("groups of consumers have limits by header or claim"),
  KongIngress: manual("it is of an earlier release: read what it sets"),
  KongPlugin: manual("each plugin has a policy or filter of its own"),
  KongUpstreamPolicy: policy("BackendTrafficPolicy loadBalancer, healthCheck"),
  TCPIngress: standard("TCPRoute, TLSRoute"),
  UDPIngress: standard("UDPRoute"),
};

const nginxKinds: Readonly<Record<string, Becoming>> = {
  GlobalConfiguration: standard("Gateway listeners[]"),
  Policy: manual("each kind of Policy has a policy of Sluice"),
  TransportServer: standard("TCPRoute, TLSRoute, UDPRoute"),
  VirtualServer: standard("HTTPRoute"),
  VirtualServerRoute: standard("HTTPRoute in its own namespace"),
};

const haproxyKinds: Readonly<Record<string, Becoming>> = {
  Backend: manual("it is configuration of HAProxy"),
  Defaults: manual("it is configuration of HAProxy"),
  Global: manual("it is configuration of HAProxy"),
  TCP: standard("TCPRoute, TLSRoute"),
};

const awsKinds: Readonly<Record<string, Becoming>> = {
  IngressClassParams: infrastructure("GatewayConfig"),
  TargetGroupBinding: infrastructure("the Service of the Gateway"),
};

const groups: Readonly<Record<string, readonly [ControllerName, Readonly<Record<string, Becoming>>]>> = {
  "traefik.io": ["traefik", traefikKinds],
  "traefik.containo.us": ["traefik", traefikKinds],
  "configuration.konghq.com": ["kong", kongKinds],
  "k8s.nginx.org": ["f5-nginx", nginxKinds],
  "ingress.v1.haproxy.org": ["haproxy", haproxyKinds],
  "ingress.v3.haproxy.org": ["haproxy", haproxyKinds],
  "core.haproxy.org": ["haproxy", haproxyKinds],
  "elbv2.k8s.aws": ["aws", awsKinds],
};

/** `undefined` for a kind of no controller. */
export function foreignKindOf(group: string, kind: string): ForeignKind | undefined {
  const [controller, table] = (Object.hasOwn(groups, group) && groups[group]) || [];
  if (controller === undefined || table === undefined) return undefined;
  const becomes = Object.hasOwn(table, kind) ? table[kind] : undefined;
  return { controller, becomes: becomes ?? manual(`${kind} has no counterpart that is known`) };
}

/** All of them, for the documentation. */
export const foreignKinds = Object.entries(groups).flatMap(([group, [controller, table]]) =>
  Object.entries(table).map(([kind, becomes]) => ({ controller, group, kind, becomes })),
);
