import type { FindingRow } from "../finding.ts";

/** SL5xxx. */
export const backendFindings = {
  "backend-not-found": {
    code: "SL5001",
    severity: "error",
    title: "A reference names a backend that does not exist",
    why: "The share of requests that would have gone to it is answered with 500. (HTTPRouteRule.backendRefs)",
    condition: { type: "ResolvedRefs", status: "False", reason: "BackendNotFound" },
  },
  "backend-kind-unsupported": {
    code: "SL5002",
    severity: "error",
    title: "A reference names a kind of backend that is not supported",
    why: 'Backends are Services (group "") or XBackends (group gateway.networking.x-k8s.io). The share of requests that would have gone to it is answered with 500.',
    condition: { type: "ResolvedRefs", status: "False", reason: "InvalidKind" },
  },
  "backend-ref-not-permitted": {
    code: "SL5003",
    severity: "error",
    title: "A reference crosses namespaces without permission",
    why: "The namespace that is referred to must agree, with a ReferenceGrant of its own; else anyone could route traffic to it. (ReferenceGrant, GEP-709)",
    condition: { type: "ResolvedRefs", status: "False", reason: "RefNotPermitted" },
  },
  "backend-port-not-found": {
    code: "SL5004",
    severity: "error",
    title: "A reference names a port that the Service does not have",
    why: "A backendRef gives the Service's port, not the container's. The share of requests that would have gone to it is answered with 500. (BackendObjectReference.port)",
    condition: { type: "ResolvedRefs", status: "False", reason: "BackendNotFound" },
  },
  "backend-protocol-unsupported": {
    code: "SL5005",
    severity: "error",
    title: "A backend speaks a protocol that this route cannot send",
    why: "A Service port's protocol and appProtocol must suit the kind of route. (HTTPBackendRef, GEP-1911)",
    condition: { type: "ResolvedRefs", status: "False", reason: "UnsupportedProtocol" },
  },
  "backend-external-name": {
    code: "SL5006",
    severity: "error",
    title: "A backend is a Service of type ExternalName",
    why: "Such a Service lets whoever writes it send the gateway's traffic to any name, also inside the cluster (CVE-2021-25740), so it is refused by default. (BackendObjectReference.kind)",
    condition: { type: "ResolvedRefs", status: "False", reason: "UnsupportedValue" },
  },
  "backend-tls-invalid": {
    code: "SL5007",
    severity: "error",
    title: "TLS to a backend cannot be set up as demanded",
    why: "Connections that were to be verified must not be made unverified: requests to this backend are answered with 500. (BackendTLSPolicy)",
    condition: { type: "ResolvedRefs", status: "False", reason: "InvalidBackendTLS" },
  },
  "backend-https-without-policy": {
    code: "SL5008",
    severity: "warning",
    title: "A Service port says https, but no BackendTLSPolicy is in force for it",
    why: "appProtocol alone does not say whom to trust, so clear text is sent; a server that expects TLS answers with an error. (GEP-1897)",
  },
  "backend-without-endpoints": {
    code: "SL5009",
    severity: "warning",
    title: "A backend has no endpoint that is ready",
    why: "Requests to it are answered with 503 until an endpoint is ready. (HTTPRouteRule.backendRefs)",
  },
  "backend-endpoints-unknown": {
    code: "SL5010",
    severity: "info",
    title: "A Service has no EndpointSlice here",
    why: "In a cluster they are made from its selector. Where they are not, for example when manifests are served from files, requests to it are answered with 503.",
  },
  "backend-external-hostname-clear": {
    code: "SL5011",
    severity: "warning",
    title: "Requests leave for an external hostname without TLS",
    why: "Whoever is on the way can read and change them. (XBackend.spec.tls)",
  },
  "load-balancing-unknown": {
    code: "SL5012",
    severity: "warning",
    title: "A Service asks for a kind of load balancing that does not exist",
    why: "The annotation is read as absent, so the endpoints take turns, which may not be what was meant.",
  },
} as const satisfies Record<string, FindingRow>;
