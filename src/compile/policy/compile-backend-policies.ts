import type { Finding } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { ObjectStatus } from "../../status/condition.ts";
import type { BackendKey, CompileContext } from "../contract.ts";
import { type ConditionDefault, deriveConditions } from "../report/conditions.ts";
import { refOf, report } from "../report/report.ts";
import { backendTlsClaims, backendTlsFindings } from "./backend-tls.ts";
import { backendTrafficClaims } from "./backend-traffic.ts";
import { describeTarget, type TargetClaim } from "./claim-targets.ts";
import {
  ancestorRef,
  compareGateways,
  type GatewayName,
  gatewaysOf,
  maxAncestors,
  type PolicyUsage,
} from "./policy-usage.ts";
import { findTargetFault } from "./target-finding.ts";

type BackendPolicy = Resource<"BackendTLSPolicy"> | Resource<"XBackendTrafficPolicy">;

/** What steps of the policy compilation give back. */
export type PolicyResult = { readonly status: readonly ObjectStatus[]; readonly findings: readonly Finding[] };

export const accepted: ConditionDefault = {
  type: "Accepted",
  status: "True",
  reason: "Accepted",
  message: "The policy is accepted.",
};

export const resolvedRefs: ConditionDefault = {
  type: "ResolvedRefs",
  status: "True",
  reason: "ResolvedRefs",
  message: "All references resolve.",
};

/** Statuses and findings of BackendTLSPolicies and XBackendTrafficPolicies. */
export function compileBackendPolicies(context: CompileContext, usage: PolicyUsage): PolicyResult {
  const tls = compileKind(context, usage, {
    claims: backendTlsClaims(context),
    ownFindings: (policy) => [...backendTlsFindings(context, policy), ...findUnknownOptions(policy)],
    defaults: [accepted, resolvedRefs],
  });
  const traffic = compileKind(context, usage, {
    claims: backendTrafficClaims(context),
    ownFindings: () => [],
    defaults: [accepted],
  });
  return { status: [...tls.status, ...traffic.status], findings: [...tls.findings, ...traffic.findings] };
}

type KindOfPolicy<P extends BackendPolicy> = {
  readonly claims: readonly TargetClaim<P>[];
  /** Mistakes in the policy itself, whatever it applies to. */
  readonly ownFindings: (policy: P) => readonly Finding[];
  readonly defaults: readonly ConditionDefault[];
};

function compileKind<P extends BackendPolicy>(
  context: CompileContext,
  usage: PolicyUsage,
  kind: KindOfPolicy<P>,
): PolicyResult {
  const byPolicy = new Map<P, TargetClaim<P>[]>();
  for (const claim of kind.claims) byPolicy.set(claim.policy, [...(byPolicy.get(claim.policy) ?? []), claim]);
  const status: ObjectStatus[] = [];
  const findings: Finding[] = [];
  for (const [policy, claims] of byPolicy) {
    const own = kind.ownFindings(policy);
    findings.push(...own);
    // A Gateway is an ancestor through each target that its routes use; only those targets' faults concern it.
    const ancestors = new Map<string, { readonly gateway: GatewayName; readonly findings: Finding[] }>();
    for (const claim of claims) {
      const fault = findTargetFault(context, claim);
      if (fault !== undefined) findings.push(fault);
      const users = gatewaysOf(usage, backendKeyOf(claim));
      if (users.length === 0 && fault === undefined) findings.push(unusedFinding(claim));
      for (const gateway of users) {
        const key = `${gateway.namespace}/${gateway.name}`;
        const ancestor = ancestors.get(key) ?? { gateway, findings: [...own] };
        ancestors.set(key, ancestor);
        if (fault !== undefined) ancestor.findings.push(fault);
      }
    }
    status.push({
      ref: refOf(policy),
      generation: policy.metadata.generation,
      body: {
        shape: "policy",
        ancestors: [...ancestors.values()]
          .sort((a, b) => compareGateways(a.gateway, b.gateway))
          .slice(0, maxAncestors.policy)
          .map((ancestor) => ({
            ancestorRef: ancestorRef(ancestor.gateway),
            conditions: deriveConditions(kind.defaults, ancestor.findings, policy.metadata.generation),
          })),
      },
    });
  }
  return { status, findings };
}

function backendKeyOf({ policy, target }: TargetClaim<BackendPolicy>): BackendKey {
  return `${target.kind}/${policy.metadata.namespace}/${target.name}`;
}

function unusedFinding({ policy, target, index }: TargetClaim<BackendPolicy>): Finding {
  return report(
    "policy-unused",
    { resource: policy, pointer: `/spec/targetRefs/${index}` },
    {
      message: `No attached route sends requests to ${describeTarget(target, policy.metadata.namespace)}, so the policy has no effect there.`,
      fix: "No action needed if the routes will be added later; otherwise delete the policy or correct its target.",
    },
  );
}

function findUnknownOptions(policy: Resource<"BackendTLSPolicy">): readonly Finding[] {
  return Object.keys(policy.spec.options ?? {})
    .sort()
    .map((key) =>
      report(
        "policy-option-unknown",
        { resource: policy, pointer: `/spec/options/${key.replaceAll("~", "~0").replaceAll("/", "~1")}` },
        { message: `The option ${JSON.stringify(key)} is unknown and is ignored.`, fix: "Remove the option." },
      ),
    );
}
