import type { Finding } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import { claimTargets, findWinner, indexByTarget, type TargetClaim, targetKey } from "./claim-targets.ts";
import { compileTlsValidation, type TlsValidation } from "./tls-validation.ts";

export type BackendTlsPolicy = Resource<"BackendTLSPolicy">;

/** A BackendTLSPolicy in force for a Service port: how to verify, or that it cannot be done. */
export type BackendTlsAnswer = {
  readonly policy: BackendTlsPolicy;
  readonly tls: TlsValidation["tls"];
};

const byTarget = indexByTarget("BackendTLSPolicy");

/**
 * The BackendTLSPolicy for a Service port: one that names the port wins over one for the whole Service. `undefined` when
 * there is none. Spec: BackendTLSPolicySpec.targetRefs.
 */
export function findBackendTls(
  context: CompileContext,
  service: { readonly namespace: string; readonly name: string },
  portName: string | undefined,
): BackendTlsAnswer | undefined {
  const winner = (key: string) => findWinner(context.snapshot, byTarget, key);
  const target = { group: "", kind: "Service", name: service.name };
  const policy =
    (portName ? winner(targetKey({ ...target, sectionName: portName }, service.namespace)) : undefined) ??
    winner(targetKey(target, service.namespace));
  return policy === undefined ? undefined : { policy, tls: validationOf(context, policy).tls };
}

/** What each BackendTLSPolicy claims. */
export function backendTlsClaims(context: CompileContext): readonly TargetClaim<BackendTlsPolicy>[] {
  return claimTargets(context.snapshot.list("BackendTLSPolicy"));
}

/** The mistakes in a policy's own `validation`. */
export function backendTlsFindings(context: CompileContext, policy: BackendTlsPolicy): readonly Finding[] {
  return validationOf(context, policy).findings;
}

function validationOf(context: CompileContext, policy: BackendTlsPolicy): TlsValidation {
  const { validation } = policy.spec;
  return compileTlsValidation(context, policy, { validation, pointer: "/spec/validation" });
}
