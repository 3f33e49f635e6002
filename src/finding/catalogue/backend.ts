import type { FindingRow } from "../finding.ts";

/** SL5xxx. */
export const backendFindings = {
  "backend-not-found": {
    code: "SL5001",
    severity: "error",
    title: "A reference names a backend that does not exist",
    why: "Its share of the requests gets 500. (HTTPRouteRule.backendRefs)",
    condition: { type: "ResolvedRefs", status: "False", reason: "BackendNotFound" },
  },
  "backend-kind-unsupported": {
    code: "SL5002",
    severity: "error",
    title: "A reference names an unsupported kind of backend",
    why: 'Backends are Services (group "") or XBackends (group gateway.networking.x-k8s.io). Its share of the requests gets 500.',
    condition: { type: "ResolvedRefs", status: "False", reason: "InvalidKind" },
  },
  "backend-ref-not-permitted": {
    code: "SL5003",
    severity: "error",
    title: "A cross-namespace reference is not permitted",
    why: "The target namespace must allow it with a ReferenceGrant; otherwise anyone could route traffic to its backends. (ReferenceGrant, GEP-709)",
    condition: { type: "ResolvedRefs", status: "False", reason: "RefNotPermitted" },
  },
  "backend-port-not-found": {
    code: "SL5004",
    severity: "error",
    title: "A reference names a port that the Service does not have",
    why: "A backendRef names the Service's port, not the container's. Its share of the requests gets 500. (BackendObjectReference.port)",
    condition: { type: "ResolvedRefs", status: "False", reason: "BackendNotFound" },
  },
  "backend-protocol-unsupported": {
    code: "SL5005",
    severity: "error",
    title: "A backend's protocol does not suit the route",
    why: "A Service port's protocol and appProtocol must match the kind of route. (HTTPBackendRef, GEP-1911)",
    condition: { type: "ResolvedRefs", status: "False", reason: "UnsupportedProtocol" },
  },
  "backend-external-name": {
    code: "SL5006",
    severity: "error",
    title: "A backend is a Service of type ExternalName",
    why: "Anyone who can write such a Service could send the gateway's traffic to any name, inside the cluster too (CVE-2021-25740), so it is refused by default. (BackendObjectReference.kind)",
    condition: { type: "ResolvedRefs", status: "False", reason: "UnsupportedValue" },
  },
  "backend-tls-invalid": {
    code: "SL5007",
    severity: "error",
    title: "TLS to a backend cannot be set up as configured",
    why: "Connections that must be verified are never made unverified: requests to this backend get 500. (BackendTLSPolicy)",
    condition: { type: "ResolvedRefs", status: "False", reason: "InvalidBackendTLS" },
  },
  "backend-https-without-policy": {
    code: "SL5008",
    severity: "warning",
    title: "A Service port says https, but no BackendTLSPolicy applies to it",
    why: "appProtocol alone does not say which CA to trust, so cleartext is sent; a server that expects TLS answers with an error. (GEP-1897)",
  },
  "backend-without-endpoints": {
    code: "SL5009",
    severity: "warning",
    title: "A backend has no ready endpoints",
    why: "Requests to it get 503 until an endpoint is ready. (HTTPRouteRule.backendRefs)",
  },
  "backend-endpoints-unknown": {
    code: "SL5010",
    severity: "info",
    title: "A Service has no EndpointSlice here",
    why: "In a cluster they are created from its selector. Without one, for example when serving from files, requests to it get 503.",
  },
  "backend-external-hostname-clear": {
    code: "SL5011",
    severity: "warning",
    title: "Requests leave for an external hostname without TLS",
    why: "Anyone on the network path can read and change them. (XBackend.spec.tls)",
  },
  "load-balancing-unknown": {
    code: "SL5012",
    severity: "warning",
    title: "A Service asks for an unknown kind of load balancing",
    why: "The annotation is ignored and round robin is used, which may not be what was intended.",
  },
  "backend-hostname-address": {
    code: "SL5013",
    severity: "error",
    title: "External hostname of a backend is an IP address",
    why: "An external hostname is a DNS name; IP addresses are not allowed. (XBackend.spec.externalHostname)",
    condition: { type: "ResolvedRefs", status: "False", reason: "UnsupportedValue" },
  },
} as const satisfies Record<string, FindingRow>;
