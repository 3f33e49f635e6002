import type { Finding } from "../../finding/finding.ts";
import type { UpstreamTls } from "../../ir/cluster.ts";
import type { SecretKey } from "../../ir/tls.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import { isAddress } from "../hostname-patterns.ts";
import { compileTlsValidation } from "../policy/tls-validation.ts";
import { explainGrant } from "../reference/grant.ts";
import { groupSlip } from "../reference/group-slip.ts";
import { report } from "../report/report.ts";
import { describeLastGood } from "../tls/last-good.ts";

export type XBackend = Resource<"XBackend">;

/** Group of XBackend, XBackendTrafficPolicy and XTelemetryPolicy. */
export const experimentalGroup = "gateway.networking.x-k8s.io";

/** How an XBackend's connections are secured. `usable` is false when they were to be secured and cannot be. */
export type XBackendTls = {
  readonly usable: boolean;
  readonly tls: UpstreamTls | undefined;
  readonly findings: readonly Finding[];
};

/** Compiles `spec.tls` of an XBackend. Spec: BackendTLS (GEP-4894). */
export function compileXBackendTls(context: CompileContext, backend: XBackend): XBackendTls {
  const { mode, validation } = backend.spec.tls;
  const findings: Finding[] = [];
  const label = `XBackend ${backend.metadata.namespace}/${backend.metadata.name}`;
  if (mode === "None" || validation === undefined) {
    const hostname = backend.spec.externalHostname?.hostname;
    if (hostname !== undefined && !isAddress(hostname)) {
      findings.push(
        report(
          "backend-external-hostname-clear",
          { resource: backend, pointer: "/spec/tls" },
          {
            message: `${label} sends requests to ${hostname} in cleartext.`,
            fix: `Add tls with \`mode: ServerOnly\` and validation with \`hostname: ${hostname}\` and \`wellKnownCACertificates: System\`.`,
          },
        ),
      );
    }
    return { usable: true, tls: undefined, findings };
  }
  const verification = compileTlsValidation(context, backend, { validation, pointer: "/spec/tls/validation" });
  findings.push(...verification.findings);
  const client = mode === "ClientAndServer" ? clientCertificate(context, backend, findings) : undefined;
  if (verification.tls === undefined || (mode === "ClientAndServer" && client === undefined)) {
    return { usable: false, tls: undefined, findings };
  }
  const tls = client === undefined ? verification.tls : { ...verification.tls, clientCertificate: client };
  return { usable: true, tls, findings };
}

function clientCertificate(context: CompileContext, backend: XBackend, findings: Finding[]): SecretKey | undefined {
  const ref = backend.spec.tls.clientCertificateRef;
  if (ref === undefined) return undefined;
  const pointer = "/spec/tls/clientCertificateRef";
  const fail = (message: string, fix: string): undefined => {
    findings.push(report("backend-client-certificate-invalid", { resource: backend, pointer }, { message, fix }));
  };
  if (ref.group !== "" || ref.kind !== "Secret") {
    const slip = groupSlip(ref, ["/Secret"]);
    return fail(
      `A client certificate cannot be read from ${ref.kind} ${ref.name}: ${slip?.reason ?? "only a Secret is supported"}.`,
      slip?.fix ?? "Refer to a Secret of type kubernetes.io/tls.",
    );
  }
  const namespace = ref.namespace ?? backend.metadata.namespace;
  const grant = explainGrant(
    context.snapshot,
    { group: experimentalGroup, kind: "XBackend", namespace: backend.metadata.namespace },
    { group: "", kind: "Secret", namespace, name: ref.name },
  );
  if (grant.answer !== "granted") {
    return fail(`Secret ${namespace}/${ref.name} is not permitted here: ${grant.detail}.`, grant.fix);
  }
  const answer = context.secrets.certificate(namespace, ref.name);
  if ("ref" in answer) return answer.ref.key;
  fail(
    `${answer.message}${describeLastGood(answer)}`,
    `Store a certificate and its key in Secret ${namespace}/${ref.name} (tls.crt, tls.key).`,
  );
  return answer.lastGood?.ref.key;
}
