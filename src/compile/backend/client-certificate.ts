import type { Finding } from "../../finding/finding.ts";
import type { SecretKey } from "../../ir/tls.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import { explainGrant } from "../reference/grant.ts";
import { groupSlip } from "../reference/group-slip.ts";
import { groupOf, report } from "../report/report.ts";
import { describeLastGood } from "../tls/last-good.ts";

/** Where a client certificate is named, and where findings go. */
type CertificatePlace = {
  readonly ref:
    | { readonly group: string; readonly kind: string; readonly name: string; readonly namespace?: string }
    | undefined;
  readonly pointer: string;
  readonly findings: Finding[];
};

/** The certificate that a backend asks the gateway to show; `undefined`, with a finding, when it cannot be had. */
export function readClientCertificate(
  context: CompileContext,
  backend: Resource<"XBackend"> | Resource<"Backend">,
  { ref, pointer, findings }: CertificatePlace,
): SecretKey | undefined {
  if (ref === undefined) return undefined;
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
    { group: groupOf(backend.apiVersion), kind: backend.kind, namespace: backend.metadata.namespace },
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
