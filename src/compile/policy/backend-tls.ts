import type { Finding } from "../../finding/finding.ts";
import { pointerOf } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import { report } from "../report/report.ts";
import { findWinner } from "./claim-targets.ts";
import { compileTlsValidation, type TlsValidation } from "./tls-validation.ts";

export type BackendTlsPolicy = Resource<"BackendTLSPolicy">;

/** A BackendTLSPolicy in force for a Service port: how to verify, or that it cannot be done. */
export type BackendTlsAnswer = {
  readonly policy: BackendTlsPolicy;
  readonly tls: TlsValidation["tls"];
};

/**
 * The BackendTLSPolicy for a Service port: one that names the port wins over one for the whole Service. `undefined` when
 * there is none. Spec: BackendTLSPolicySpec.targetRefs.
 */
export function findBackendTls(
  context: CompileContext,
  service: { readonly namespace: string; readonly name: string },
  portName: string | undefined,
): BackendTlsAnswer | undefined {
  const target = { group: "", kind: "Service", namespace: service.namespace, name: service.name };
  const find = (sought: typeof target & { readonly sectionName?: string }) =>
    findWinner(context.snapshot, "BackendTLSPolicy", sought);
  const policy = (portName ? find({ ...target, sectionName: portName }) : undefined) ?? find(target);
  return policy === undefined ? undefined : { policy, tls: validationOf(context, policy).tls };
}

/** The mistakes in a policy itself, whatever it applies to. */
export function backendTlsFindings(context: CompileContext, policy: BackendTlsPolicy): readonly Finding[] {
  return [...validationOf(context, policy).findings, ...findUnknownOptions(policy)];
}

function findUnknownOptions(policy: BackendTlsPolicy): readonly Finding[] {
  return Object.keys(policy.spec.options ?? {})
    .sort()
    .map((key) =>
      report(
        "policy-option-unknown",
        { resource: policy, pointer: `/spec/options${pointerOf([key])}` },
        { message: `The option ${JSON.stringify(key)} is unknown and is ignored.`, fix: "Remove the option." },
      ),
    );
}

function validationOf(context: CompileContext, policy: BackendTlsPolicy): TlsValidation {
  const { validation } = policy.spec;
  return compileTlsValidation(context, policy, { validation, pointer: "/spec/validation" });
}
