import type { FindingRow } from "../finding.ts";

/** SL6xxx. */
export const policyFindings = {
  "policy-target-not-found": {
    code: "SL6001",
    severity: "error",
    title: "A policy targets an object that does not exist",
    why: "A policy applies to objects in its own namespace only. (LocalPolicyTargetReference)",
    condition: { type: "Accepted", status: "False", reason: "TargetNotFound" },
  },
  "policy-target-kind-unsupported": {
    code: "SL6002",
    severity: "error",
    title: "A policy targets a kind that it cannot apply to",
    why: "BackendTLSPolicy applies to Services, XBackendTrafficPolicy to Services and XBackends, XTelemetryPolicy to Gateways.",
    condition: { type: "Accepted", status: "False", reason: "Invalid" },
  },
  "policy-section-not-found": {
    code: "SL6003",
    severity: "error",
    title: "A policy names a port that its Service does not have",
    why: "sectionName is the name of a Service port. (LocalPolicyTargetReferenceWithSectionName.sectionName)",
    condition: { type: "Accepted", status: "False", reason: "TargetNotFound" },
  },
  "policy-conflicted": {
    code: "SL6004",
    severity: "error",
    title: "Two policies have the same target, and this one loses",
    why: "The older policy wins, then the first by namespace/name. (GEP-713, conflict resolution)",
    condition: { type: "Accepted", status: "False", reason: "Conflicted" },
  },
  "policy-ca-invalid": {
    code: "SL6005",
    severity: "error",
    title: "A CA certificate reference does not resolve",
    why: "A backend can be verified only against certificates that can be read. (BackendTLSPolicyValidation.caCertificateRefs)",
    condition: { type: "ResolvedRefs", status: "False", reason: "InvalidCACertificateRef" },
  },
  "policy-ca-kind-unsupported": {
    code: "SL6006",
    severity: "error",
    title: "A CA certificate reference names an unsupported kind",
    why: "CA certificates are read from a ConfigMap or Secret (key ca.crt) or from a ClusterTrustBundle. (BackendTLSPolicyValidation.caCertificateRefs)",
    condition: { type: "ResolvedRefs", status: "False", reason: "InvalidKind" },
  },
  "policy-without-valid-ca": {
    code: "SL6007",
    severity: "error",
    title: "A policy has no valid CA certificate",
    why: "The backend cannot be verified, so requests to it get 500. (BackendTLSPolicyValidation.caCertificateRefs)",
    condition: { type: "Accepted", status: "False", reason: "NoValidCACertificate" },
  },
  "policy-well-known-ca-unknown": {
    code: "SL6008",
    severity: "error",
    title: "A policy names an unknown set of CA certificates",
    why: "The only well-known set is System: the root certificates of the gateway's own system. (BackendTLSPolicyValidation.wellKnownCACertificates)",
    condition: { type: "Accepted", status: "False", reason: "Invalid" },
  },
  "policy-option-unknown": {
    code: "SL6009",
    severity: "warning",
    title: "A policy sets an unknown option",
    why: "Options are specific to each implementation, and Sluice has none. (BackendTLSPolicy.spec.options)",
  },
  "policy-unused": {
    code: "SL6010",
    severity: "info",
    title: "No attached route uses a policy's target",
    why: "A policy takes effect when a route that is attached to a Gateway sends requests to its target.",
  },
  "telemetry-attribute-unknown": {
    code: "SL6011",
    severity: "warning",
    title: "A policy asks for an unknown span attribute",
    why: "Attributes come from what the gateway knows about a request; the spans are exported without this one. (TracingConfig.attributes)",
  },
  "backend-client-certificate-invalid": {
    code: "SL6012",
    severity: "error",
    title: "The client certificate of an XBackend does not resolve",
    why: "The certificate to show to the backend cannot be read, so requests to it get 500. (BackendTLS.clientCertificateRef)",
    condition: { type: "Accepted", status: "False", reason: "Invalid" },
  },
  "policy-hostname-address": {
    code: "SL6013",
    severity: "error",
    title: "A hostname to verify a backend by is an IP address",
    why: "The hostname is sent as SNI and compared with the certificate's DNS names; IP addresses are not allowed (PreciseHostname). Requests to the backend get 500.",
    condition: { type: "Accepted", status: "False", reason: "Invalid" },
  },
} as const satisfies Record<string, FindingRow>;
