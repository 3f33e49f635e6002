import type { TestCertificate } from "../test-certificate.ts";

export type InteropPorts = {
  /** Of the server that speaks HTTP/2 in clear text. */
  readonly clear: number;
  /** Of the server that speaks it over TLS. */
  readonly secure: number;
};

export const edgeName = "grpc.example.test";
export const backendName = "interop.example.test";

/** Listeners by what lies on either side of the gateway. */
export const listeners = {
  clear: { port: 80, tls: false, title: "clear to clear" },
  tls: { port: 443, tls: true, title: "TLS to clear" },
  "tls-backend": { port: 8443, tls: true, title: "TLS to TLS" },
} as const;

const indent = (text: string, by: string) => text.trim().replaceAll("\n", `\n${by}`);

const service = (name: string, port: number) => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: default }
spec: { ports: [{ name: grpc, port: 50051, appProtocol: kubernetes.io/h2c }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, namespace: default, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: grpc, port: ${port} }]
endpoints: [{ addresses: [127.0.0.1], conditions: { ready: true } }]
---`;

const route = (name: string, listener: keyof typeof listeners, backend: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: ${name}, namespace: default }
spec:
  parentRefs: [{ name: edge, sectionName: ${listener} }]
  rules:
    - backendRefs: [{ name: ${backend}, port: 50051 }]
---`;

/** Everything that the gateway is given: a listener for each way through it, a route on each, two backends. */
export function interopManifests(ports: InteropPorts, edge: TestCertificate, authority: TestCertificate): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: sluice }
spec: { controllerName: sluice.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec:
  gatewayClassName: sluice
  listeners:
    - { name: clear, protocol: HTTP, port: ${listeners.clear.port} }
    - { name: tls, protocol: HTTPS, port: ${listeners.tls.port}, tls: { certificateRefs: [{ name: edge }] } }
    - { name: tls-backend, protocol: HTTPS, port: ${listeners["tls-backend"].port}, tls: { certificateRefs: [{ name: edge }] } }
---
apiVersion: v1
kind: Secret
metadata: { name: edge, namespace: default }
type: kubernetes.io/tls
data: { tls.crt: ${base64(edge.certPem)}, tls.key: ${base64(edge.keyPem)} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: authority, namespace: default }
data:
  ca.crt: |
    ${indent(authority.certPem, "    ")}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: secure, namespace: default }
spec:
  targetRefs: [{ group: "", kind: Service, name: secure }]
  validation: { hostname: ${backendName}, caCertificateRefs: [{ group: "", kind: ConfigMap, name: authority }] }
---${service("plain", ports.clear)}${service("secure", ports.secure)}${route("clear", "clear", "plain")}${route("tls", "tls", "plain")}${route("tls-backend", "tls-backend", "secure")}
`;
}
