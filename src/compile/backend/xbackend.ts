import type { Finding } from "../../finding/finding.ts";
import type { UpstreamTls } from "../../ir/cluster.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import { isAddress } from "../hostname-patterns.ts";
import { compileTlsValidation } from "../policy/tls-validation.ts";
import { report } from "../report/report.ts";
import { readClientCertificate } from "./client-certificate.ts";

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
  const client =
    mode === "ClientAndServer"
      ? readClientCertificate(context, backend, {
          ref: backend.spec.tls.clientCertificateRef,
          pointer: "/spec/tls/clientCertificateRef",
          findings,
        })
      : undefined;
  if (verification.tls === undefined || (mode === "ClientAndServer" && client === undefined)) {
    return { usable: false, tls: undefined, findings };
  }
  const tls = client === undefined ? verification.tls : { ...verification.tls, clientCertificate: client };
  return { usable: true, tls, findings };
}
