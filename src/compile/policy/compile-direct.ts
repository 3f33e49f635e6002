import type { Finding } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import { report } from "../report/report.ts";
import type { Report } from "../report/report-table.ts";
import { type Ancestor, ancestorStatus } from "./ancestor-status.ts";
import { claimTargets, describeTarget, type TargetClaim } from "./claim-targets.ts";
import { checkPolicy, defaultConditions } from "./policy-compilers.ts";
import type { DirectKind } from "./policy-kinds.ts";
import { findReach } from "./policy-reach.ts";
import type { PolicyUsage } from "./policy-usage.ts";
import { findTargetFault } from "./target-finding.ts";

/** Statuses and findings of the policies of a kind of which one is in force for a target. */
export function compileDirect(context: CompileContext, usage: PolicyUsage, kind: DirectKind): readonly Report[] {
  const claims = claimTargets<Resource<DirectKind>>(context.snapshot.list(kind));
  return [...claims].map(([policy, ofPolicy]) => compilePolicy(context, usage, policy, ofPolicy));
}

function compilePolicy(
  context: CompileContext,
  usage: PolicyUsage,
  policy: Resource<DirectKind>,
  claims: readonly TargetClaim[],
): Report {
  const findings: Finding[] = [];
  const ancestors: Ancestor[] = [];
  for (const claim of claims) {
    const reach = findReach(context, usage, policy.kind, claim);
    if (reach === "foreign") continue;
    const fault = findTargetFault(context, claim);
    if (fault !== undefined) findings.push(fault);
    else if (reach.length === 0) findings.push(unusedFinding(claim));
    // A Gateway is an ancestor through each target that concerns it; only those targets' faults are its own.
    for (const gateway of reach)
      ancestors.push({ gateway, findings: fault === undefined ? [] : [fault], conditions: [] });
  }
  const gateways = ancestors.map(({ gateway }) => gateway);
  const own = checkPolicy(context, policy, gateways);
  return {
    status: [ancestorStatus(policy, { defaults: defaultConditions(policy), own, ancestors })],
    findings: [...own, ...findings],
  };
}

function unusedFinding({ policy, target, pointer }: TargetClaim): Finding {
  return report(
    "policy-unused",
    { resource: policy, pointer },
    {
      message: `No attached route sends requests to ${describeTarget(target, policy.metadata.namespace)}, so the policy has no effect there.`,
      fix: "No action needed if the routes will be added later; otherwise delete the policy or correct its target.",
    },
  );
}
