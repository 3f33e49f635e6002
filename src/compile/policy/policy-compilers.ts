import type { Finding } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import type { ConditionDefault } from "../report/conditions.ts";
import { backendTlsFindings } from "./backend-tls.ts";
import { compileTracing } from "./compile-tracing.ts";
import type { DirectKind } from "./policy-kinds.ts";
import type { GatewayName } from "./policy-usage.ts";

/** What is said of the policies of a kind, whatever they target. What they do has happened where it applies. */
type PolicyCompiler<K extends DirectKind> = {
  readonly conditions: (policy: Resource<K>) => readonly ConditionDefault[];
  readonly check: (
    context: CompileContext,
    policy: Resource<K>,
    gateways: readonly GatewayName[],
  ) => readonly Finding[];
};

export const accepted: ConditionDefault = {
  type: "Accepted",
  status: "True",
  reason: "Accepted",
  message: "The policy is accepted.",
};

const resolvedRefs: ConditionDefault = {
  type: "ResolvedRefs",
  status: "True",
  reason: "ResolvedRefs",
  message: "All references resolve.",
};

/** What is particular to each kind. */
const policyCompilers: { readonly [K in DirectKind]: PolicyCompiler<K> } = {
  BackendTLSPolicy: { conditions: () => [accepted, resolvedRefs], check: backendTlsFindings },
  XBackendTrafficPolicy: { conditions: () => [accepted], check: () => [] },
  XTelemetryPolicy: {
    conditions: ({ spec }) => (spec.tracing?.mode === "Enabled" ? [accepted, resolvedRefs] : [accepted]),
    check: (context, policy, [gateway]) =>
      // Whose Gateway it is makes no difference to what is wrong with the policy itself.
      gateway === undefined
        ? []
        : compileTracing(context, policy, { ...gateway, backendClientCertificate: undefined }).findings,
  },
};

/** The conditions of a policy with which nothing is wrong. */
export function defaultConditions(policy: Resource<DirectKind>): readonly ConditionDefault[] {
  return compilerOf(policy).conditions(policy);
}

/** The mistakes in the policy itself. `gateways`: those that it concerns, in order of its targets. */
export function checkPolicy(
  context: CompileContext,
  policy: Resource<DirectKind>,
  gateways: readonly GatewayName[],
): readonly Finding[] {
  return compilerOf(policy).check(context, policy, gateways);
}

/** The table's row and the policy's kind agree; the type system cannot follow that through an index. */
function compilerOf(policy: Resource<DirectKind>): PolicyCompiler<DirectKind> {
  return policyCompilers[policy.kind] as PolicyCompiler<DirectKind>;
}
