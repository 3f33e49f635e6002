import type { Finding } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import { claimTargets, type TargetClaim, targetKey } from "./claim-targets.ts";
import { compileTlsValidation, type TlsValidation } from "./tls-validation.ts";

export type BackendTlsPolicy = Resource<"BackendTLSPolicy">;

/** A BackendTLSPolicy in force for a Service port: how to verify, or that it cannot be done. */
export type BackendTlsAnswer = {
  readonly policy: BackendTlsPolicy;
  readonly tls: TlsValidation["tls"];
};

type BackendTlsIndex = {
  readonly claims: readonly TargetClaim<BackendTlsPolicy>[];
  readonly winners: ReadonlyMap<string, BackendTlsPolicy>;
  readonly validations: Map<BackendTlsPolicy, TlsValidation>;
};

const indexes = new WeakMap<CompileContext, BackendTlsIndex>();

function indexOf(context: CompileContext): BackendTlsIndex {
  const known = indexes.get(context);
  if (known !== undefined) return known;
  const claims = claimTargets(context.snapshot.list("BackendTLSPolicy"));
  const winners = new Map(
    claims.filter((claim) => claim.winner === undefined).map((claim) => [claim.key, claim.policy]),
  );
  const index = { claims, winners, validations: new Map() };
  indexes.set(context, index);
  return index;
}

/**
 * The BackendTLSPolicy for a Service port: one that names the port wins over one for the whole Service. `undefined` when
 * there is none. Spec: BackendTLSPolicySpec.targetRefs.
 */
export function findBackendTls(
  context: CompileContext,
  service: { readonly namespace: string; readonly name: string },
  portName: string | undefined,
): BackendTlsAnswer | undefined {
  const { winners } = indexOf(context);
  if (winners.size === 0) return undefined;
  const target = { group: "", kind: "Service", name: service.name };
  const policy =
    (portName ? winners.get(targetKey({ ...target, sectionName: portName }, service.namespace)) : undefined) ??
    winners.get(targetKey(target, service.namespace));
  return policy === undefined ? undefined : { policy, tls: validationOf(context, policy).tls };
}

/** What each BackendTLSPolicy claims. */
export function backendTlsClaims(context: CompileContext): readonly TargetClaim<BackendTlsPolicy>[] {
  return indexOf(context).claims;
}

/** The mistakes in a policy's own `validation`. */
export function backendTlsFindings(context: CompileContext, policy: BackendTlsPolicy): readonly Finding[] {
  return validationOf(context, policy).findings;
}

function validationOf(context: CompileContext, policy: BackendTlsPolicy): TlsValidation {
  const { validations } = indexOf(context);
  const known = validations.get(policy);
  if (known !== undefined) return known;
  const validation = compileTlsValidation(context, policy, {
    validation: policy.spec.validation,
    pointer: "/spec/validation",
  });
  validations.set(policy, validation);
  return validation;
}
