import type { Finding } from "../../finding/finding.ts";
import type { UpstreamTls } from "../../ir/cluster.ts";
import type { CaSource } from "../../ir/tls.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import { isAddress } from "../hostname-patterns.ts";
import { type AnyResource, report } from "../report/report.ts";
import { caKind, caKindFault } from "../tls/ca-kind.ts";

type Validation = Resource<"BackendTLSPolicy">["spec"]["validation"];

/** How a backend is verified, without the client certificate, which is the Gateway's; or that it cannot be. */
export type TlsValidation = {
  readonly tls: Omit<UpstreamTls, "clientCertificate"> | undefined;
  readonly findings: readonly Finding[];
};

/**
 * Compiles the `validation` of a BackendTLSPolicy or XBackend at `pointer`. References that do not resolve are left out with
 * a finding; when nothing is left to verify against, `tls` is `undefined` and the backend must not be used.
 * Spec: BackendTLSPolicyValidation.
 */
export function compileTlsValidation(
  context: CompileContext,
  owner: AnyResource,
  at: { readonly validation: Validation; readonly pointer: string },
): TlsValidation {
  const { validation, pointer } = at;
  const findings: Finding[] = findAddresses(owner, at);
  if (findings.length > 0) return { tls: undefined, findings };
  const ca = compileAuthorities(context, owner, { ...at, findings });
  if (ca.length === 0) {
    if (validation.caCertificateRefs !== undefined) {
      findings.push(
        report(
          "policy-without-valid-ca",
          { resource: owner, pointer: `${pointer}/caCertificateRefs` },
          {
            message: `None of the CA certificates of ${owner.kind} ${owner.metadata.namespace}/${owner.metadata.name} can be used.`,
            fix: "Correct at least one of caCertificateRefs.",
          },
        ),
      );
    }
    return { tls: undefined, findings };
  }
  const subjectAltNames = (validation.subjectAltNames ?? []).map((name) =>
    name.type === "URI"
      ? ({ kind: "uri", value: name.uri ?? "" } as const)
      : ({ kind: "dns", value: (name.hostname ?? "").toLowerCase() } as const),
  );
  return { tls: { hostname: validation.hostname, ca, subjectAltNames }, findings };
}

function findAddresses(
  owner: AnyResource,
  { validation, pointer }: { readonly validation: Validation; readonly pointer: string },
): Finding[] {
  const names = [
    { hostname: validation.hostname, field: "/hostname" },
    ...(validation.subjectAltNames ?? []).map(({ hostname = "" }, index) => ({
      hostname,
      field: `/subjectAltNames/${index}/hostname`,
    })),
  ];
  return names
    .filter(({ hostname }) => isAddress(hostname))
    .map(({ hostname, field }) =>
      report(
        "policy-hostname-address",
        { resource: owner, pointer: `${pointer}${field}` },
        {
          message: `${hostname} is an IP address; backends are verified by DNS name.`,
          fix: "Write a DNS name that the backend's certificate covers.",
        },
      ),
    );
}

function compileAuthorities(
  context: CompileContext,
  owner: AnyResource,
  at: { readonly validation: Validation; readonly pointer: string; readonly findings: Finding[] },
): CaSource[] {
  const { validation, pointer, findings } = at;
  const wellKnown = validation.wellKnownCACertificates;
  if (wellKnown === "System") return [{ kind: "system" }];
  if (wellKnown !== undefined) {
    findings.push(
      report(
        "policy-well-known-ca-unknown",
        { resource: owner, pointer: `${pointer}/wellKnownCACertificates` },
        {
          message: `The set of CA certificates ${JSON.stringify(wellKnown)} is unknown.`,
          fix: "Write `wellKnownCACertificates: System`, or name a ConfigMap in caCertificateRefs.",
        },
      ),
    );
    return [];
  }
  const sources: CaSource[] = [];
  (validation.caCertificateRefs ?? []).forEach((ref, index) => {
    const place = `${pointer}/caCertificateRefs/${index}`;
    const kind = caKind(ref);
    if (kind === undefined) {
      const { reason, fix } = caKindFault(ref);
      findings.push(
        report(
          "policy-ca-kind-unsupported",
          { resource: owner, pointer: `${place}/kind` },
          {
            message: `CA certificates cannot be read from ${ref.kind} ${ref.name}: ${reason}.`,
            fix,
          },
        ),
      );
      return;
    }
    const namespace = kind === "ClusterTrustBundle" ? undefined : (owner.metadata.namespace ?? "");
    const answer = context.secrets.caBundle(kind, namespace, ref.name);
    if ("source" in answer) {
      sources.push(answer.source);
      return;
    }
    findings.push(
      report(
        "policy-ca-invalid",
        { resource: owner, pointer: `${place}/name` },
        {
          message: answer.message,
          fix:
            answer.problem === "missing"
              ? `Create ${kind} ${ref.name}${namespace === undefined ? "" : ` in namespace ${JSON.stringify(namespace)}`} with PEM certificates${kind === "ClusterTrustBundle" ? "" : " in the key ca.crt"}.`
              : `Store PEM certificates in ${kind} ${ref.name}${kind === "ClusterTrustBundle" ? "" : ", key ca.crt"}.`,
        },
      ),
    );
  });
  return sources;
}
