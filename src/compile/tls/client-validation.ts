import type { Finding } from "../../finding/finding.ts";
import type { CaSource, ClientValidation } from "../../ir/tls.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import { gatewayGroup } from "../listener/listener.ts";
import { explainGrant } from "../reference/grant.ts";
import { report } from "../report/report.ts";
import { caKind, caKindFault } from "./ca-kind.ts";

type Frontend = NonNullable<NonNullable<Resource<"Gateway">["spec"]["tls"]>["frontend"]>;
type Validation = NonNullable<Frontend["default"]["validation"]>;
type CaRef = Validation["caCertificateRefs"][number];

/** What the listeners on a port ask of clients, and what is wrong with it. */
export type ResolvedValidation = {
  readonly validation: ClientValidation | undefined;
  readonly findings: readonly Finding[];
};

/**
 * Client certificates asked for by HTTPS listeners on a port: the Gateway's `perPort` entry, else its default. Listeners of
 * ListenerSets follow their Gateway. Every finding belongs to the status of each such listener.
 * Spec: FrontendTLSConfig (GEP-91).
 */
export function resolveClientValidation(
  context: CompileContext,
  gateway: Resource<"Gateway">,
  port: number,
): ResolvedValidation {
  const found = validationFor(gateway, port);
  if (!found) return { validation: undefined, findings: [] };
  const { validation, pointer } = found;
  const findings: Finding[] = [];
  const ca = validation.caCertificateRefs.flatMap((ref, index) => {
    const answer = resolveCa(context, gateway, { ref, pointer: `${pointer}/caCertificateRefs/${index}` });
    if ("source" in answer) return [answer.source];
    findings.push(answer.finding);
    return [];
  });
  if (ca.length === 0) {
    findings.push(
      report(
        "client-ca-none",
        { resource: gateway, pointer: `${pointer}/caCertificateRefs` },
        {
          message: `None of the CA certificates for clients on port ${port} can be used, so its HTTPS listeners stay closed.`,
          fix: "Correct at least one of caCertificateRefs, or remove validation.",
        },
      ),
    );
  }
  const mode = validation.mode === "AllowInsecureFallback" ? "allowInsecureFallback" : "allowValidOnly";
  return { validation: { ca, mode }, findings };
}

/** The finding for a Gateway that lets clients in unchecked somewhere, which its own status must say. */
export function insecureFallback(gateway: Resource<"Gateway">): Finding | undefined {
  const frontend = gateway.spec.tls?.frontend;
  const pointer =
    frontend?.default.validation?.mode === "AllowInsecureFallback"
      ? "/spec/tls/frontend/default/validation/mode"
      : insecurePort(frontend);
  if (pointer === undefined) return undefined;
  return report(
    "frontend-validation-insecure",
    { resource: gateway, pointer },
    {
      message: "AllowInsecureFallback lets clients in without a certificate, or with one that cannot be verified.",
      fix: "Write mode: AllowValidOnly once all clients have certificates.",
    },
  );
}

function insecurePort(frontend: Frontend | undefined): string | undefined {
  const index = (frontend?.perPort ?? []).findIndex(({ tls }) => tls.validation?.mode === "AllowInsecureFallback");
  return index < 0 ? undefined : `/spec/tls/frontend/perPort/${index}/tls/validation/mode`;
}

function validationFor(
  gateway: Resource<"Gateway">,
  port: number,
): { readonly validation: Validation; readonly pointer: string } | undefined {
  const frontend = gateway.spec.tls?.frontend;
  if (!frontend) return undefined;
  const index = (frontend.perPort ?? []).findIndex((entry) => entry.port === port);
  const own = frontend.perPort?.[index];
  const validation = own ? own.tls.validation : frontend.default.validation;
  const place = own ? `perPort/${index}/tls` : "default";
  return validation && { validation, pointer: `/spec/tls/frontend/${place}/validation` };
}

function resolveCa(
  context: CompileContext,
  gateway: Resource<"Gateway">,
  place: { readonly ref: CaRef; readonly pointer: string },
): { readonly source: CaSource } | { readonly finding: Finding } {
  const { ref, pointer } = place;
  const at = { resource: gateway, pointer };
  const kind = caKind(ref);
  if (!kind) {
    const { reason, fix } = caKindFault(ref);
    const finding = report("client-ca-kind-unsupported", at, {
      message: `CA certificates for clients cannot be read from ${ref.kind} ${ref.name}: ${reason}.`,
      fix,
    });
    return { finding };
  }
  const namespace = kind === "ClusterTrustBundle" ? undefined : (ref.namespace ?? gateway.metadata.namespace);
  if (namespace !== undefined) {
    const grant = explainGrant(
      context.snapshot,
      { group: gatewayGroup, kind: "Gateway", namespace: gateway.metadata.namespace },
      { group: "", kind, namespace, name: ref.name },
    );
    if (grant.answer !== "granted") {
      const finding = report("client-ca-not-permitted", at, {
        message: `The Gateway is not permitted to use ${kind} ${namespace}/${ref.name} to check clients: ${grant.detail}.`,
        fix: grant.fix,
        ...(grant.answer === "tooNarrow" ? { related: [grant.grant] } : {}),
      });
      return { finding };
    }
  }
  const answer = context.secrets.caBundle(kind, namespace, ref.name);
  if ("source" in answer) return answer;
  const finding = report("client-ca-invalid", at, {
    message: `Clients cannot be checked. ${answer.message}`,
    fix: `Create the ${kind} with PEM certificates ${kind === "ClusterTrustBundle" ? "in spec.trustBundle" : "under ca.crt"}, or correct the reference.`,
  });
  return { finding };
}
