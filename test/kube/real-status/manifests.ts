import type { Kind } from "../../../src/resource/kinds.ts";

export const controllerName = "sluice.dev/gateway-controller";
export const namespace = "real-status";

const parents = "parentRefs: [{ name: edge }]";
const stream = "rules: [{ backendRefs: [{ name: cart, port: 80 }] }]";
const target = "targetRefs: [{ group: '', kind: Service, name: cart }]";
const api = "gateway.networking.k8s.io/v1";
const experimental = "gateway.networking.x-k8s.io/v1alpha1";
const manifest = (apiVersion: string, kind: string, name: string, spec: string): string =>
  `{ apiVersion: ${apiVersion}, kind: ${kind}, metadata: { name: ${name}, namespace: ${namespace} }, spec: { ${spec} } }`;

/** One object at least of every kind that has a status. */
export const manifests = [
  `{ apiVersion: v1, kind: Namespace, metadata: { name: ${namespace} } }`,
  `{ apiVersion: ${api}, kind: GatewayClass, metadata: { name: ${namespace} }, spec: { controllerName: ${controllerName} } }`,
  manifest("v1", "Service", "cart", "ports: [{ name: http, port: 80 }], selector: { app: cart }"),
  manifest(
    api,
    "Gateway",
    "edge",
    `gatewayClassName: ${namespace}, defaultScope: All, allowedListeners: { namespaces: { from: Same } }, listeners: [{ name: http, port: 80, protocol: HTTP }, { name: tls, port: 443, protocol: TLS, tls: { mode: Passthrough } }, { name: tcp, port: 9000, protocol: TCP }, { name: udp, port: 9001, protocol: UDP }, { name: broken, port: 8443, protocol: HTTPS, tls: { certificateRefs: [{ name: missing }] } }]`,
  ),
  manifest(
    api,
    "ListenerSet",
    "more",
    "parentRef: { name: edge }, listeners: [{ name: more, port: 8080, protocol: HTTP }]",
  ),
  manifest(api, "HTTPRoute", "web", `${parents}, rules: [{ backendRefs: [{ name: cart, port: 80 }] }]`),
  manifest(api, "HTTPRoute", "lost", `${parents}, rules: [{ backendRefs: [{ name: gone, port: 80 }] }]`),
  manifest(
    api,
    "HTTPRoute",
    "outside",
    `${parents}, rules: [{ backendRefs: [{ group: gateway.networking.x-k8s.io, kind: XBackend, name: outside }] }]`,
  ),
  manifest(api, "GRPCRoute", "calls", `${parents}, rules: [{ backendRefs: [{ name: cart, port: 80 }] }]`),
  manifest(api, "TLSRoute", "tls", `${parents}, hostnames: [a.example.com], ${stream}`),
  manifest(api, "TCPRoute", "tcp", `${parents}, ${stream}`),
  manifest(api, "UDPRoute", "udp", `${parents}, ${stream}`),
  manifest(
    api,
    "BackendTLSPolicy",
    "tls",
    `${target}, validation: { hostname: a.example.com, wellKnownCACertificates: System }`,
  ),
  manifest(experimental, "XBackendTrafficPolicy", "retry", `${target}, retryConstraint: { budget: { percent: 20 } }`),
  manifest(
    experimental,
    "XBackend",
    "outside",
    "type: ExternalHostname, externalHostname: { hostname: a.example.com }, port: { number: 80 }, protocol: HTTP",
  ),
  manifest(
    experimental,
    "XTelemetryPolicy",
    "traces",
    `targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }], tracing: { mode: Disabled }`,
  ),
];

/** What gets a status of ours, by kind and name. */
export const statusKinds = [
  ["GatewayClass", namespace],
  ["Gateway", "edge"],
  ["ListenerSet", "more"],
  ["HTTPRoute", "web"],
  ["HTTPRoute", "lost"],
  ["GRPCRoute", "calls"],
  ["TLSRoute", "tls"],
  ["TCPRoute", "tcp"],
  ["UDPRoute", "udp"],
  ["BackendTLSPolicy", "tls"],
  ["XBackendTrafficPolicy", "retry"],
  ["XBackend", "outside"],
  ["XTelemetryPolicy", "traces"],
] as const satisfies readonly (readonly [Kind, string])[];
