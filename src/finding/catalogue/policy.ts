import type { FindingRow } from "../finding.ts";

/** SL6xxx. */
export const policyFindings = {
  "policy-target-not-found": {
    code: "SL6001",
    severity: "error",
    title: "A policy names a target that does not exist",
    why: "A policy applies to objects in its own namespace only. (LocalPolicyTargetReference)",
    condition: { type: "Accepted", status: "False", reason: "TargetNotFound" },
  },
  "policy-target-kind-unsupported": {
    code: "SL6002",
    severity: "error",
    title: "A policy names a kind of target that it cannot apply to",
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
    title: "Two policies apply to one target, and this one loses",
    why: "The older policy wins, then the one whose namespace/name comes first. (GEP-713, conflict resolution)",
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
    title: "A CA certificate reference names a kind that is not supported",
    why: "CA certificates are read from a ConfigMap or Secret (key ca.crt) or from a ClusterTrustBundle. (BackendTLSPolicyValidation.caCertificateRefs)",
    condition: { type: "ResolvedRefs", status: "False", reason: "InvalidKind" },
  },
  "policy-without-valid-ca": {
    code: "SL6007",
    severity: "error",
    title: "A policy has no valid CA certificate left",
    why: "Nothing could be verified, so requests to the backend are answered with 500. (BackendTLSPolicyValidation.caCertificateRefs)",
    condition: { type: "Accepted", status: "False", reason: "NoValidCACertificate" },
  },
  "policy-well-known-ca-unknown": {
    code: "SL6008",
    severity: "error",
    title: "A policy names a set of CA certificates that is unknown",
    why: "The only well-known set is System: the roots that the gateway's own machine trusts. (BackendTLSPolicyValidation.wellKnownCACertificates)",
    condition: { type: "Accepted", status: "False", reason: "Invalid" },
  },
  "policy-option-unknown": {
    code: "SL6009",
    severity: "warning",
    title: "A policy sets an option that means nothing here",
    why: "Options belong to one implementation each; this one has none. (BackendTLSPolicy.spec.options)",
  },
  "policy-unused": {
    code: "SL6010",
    severity: "info",
    title: "A policy's target is used by no attached route",
    why: "A policy takes effect where a route that is attached to a Gateway sends requests to its target.",
  },
  "telemetry-attribute-unknown": {
    code: "SL6011",
    severity: "warning",
    title: "A policy asks for a span attribute that the gateway does not know",
    why: "Values come from what the gateway knows of a request; the spans are exported without this one. (TracingConfig.attributes)",
  },
  "backend-client-certificate-invalid": {
    code: "SL6012",
    severity: "error",
    title: "The client certificate of an XBackend does not resolve",
    why: "The backend asks for a certificate that cannot be shown, so requests to it are answered with 500. (BackendTLS.clientCertificateRef)",
    condition: { type: "Accepted", status: "False", reason: "Invalid" },
  },
} as const satisfies Record<string, FindingRow>;
