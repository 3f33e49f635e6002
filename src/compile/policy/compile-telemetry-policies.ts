import type { Finding } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { ObjectStatus } from "../../status/condition.ts";
import { deriveConditions } from "../conditions.ts";
import type { CompileContext } from "../contract.ts";
import { refOf, report } from "../report.ts";
import { claimTargets, type TargetClaim } from "./claim-targets.ts";
import { accepted, type PolicyResult } from "./compile-backend-policies.ts";
import { ancestorRef, compareGateways, type GatewayName, maxAncestors, type PolicyUsage } from "./policy-usage.ts";
import { findTargetFault } from "./target-finding.ts";

type TelemetryPolicy = Resource<"XTelemetryPolicy">;

/**
 * Statuses and findings of XTelemetryPolicies. One that switches spans on is not accepted, since none are exported; one that
 * leaves them off or to the gateway is. Spec: XTelemetryPolicy.
 */
export function compileTelemetryPolicies(context: CompileContext, usage: PolicyUsage): PolicyResult {
  const served = new Set(usage.gateways.map(({ namespace, name }) => `${namespace}/${name}`));
  const byPolicy = new Map<TelemetryPolicy, TargetClaim<TelemetryPolicy>[]>();
  for (const claim of claimTargets(context.snapshot.list("XTelemetryPolicy"))) {
    byPolicy.set(claim.policy, [...(byPolicy.get(claim.policy) ?? []), claim]);
  }
  const status: ObjectStatus[] = [];
  const findings: Finding[] = [];
  for (const [policy, claims] of byPolicy) {
    const own = findTracing(policy);
    const ancestors: { readonly gateway: GatewayName; readonly findings: readonly Finding[] }[] = [];
    for (const claim of claims) {
      const gateway = { namespace: policy.metadata.namespace, name: claim.target.name };
      const fault = findTargetFault(context, claim);
      const ours = claim.target.kind === "Gateway" && served.has(`${gateway.namespace}/${gateway.name}`);
      const foreign = !ours && context.snapshot.get("Gateway", gateway.namespace, gateway.name) !== undefined;
      // A Gateway of another controller is that controller's to judge.
      if (fault !== undefined && !foreign) findings.push(fault);
      if (ours) ancestors.push({ gateway, findings: fault === undefined ? own : [fault, ...own] });
    }
    if (ancestors.length > 0) findings.push(...own);
    status.push({
      ref: refOf(policy),
      generation: policy.metadata.generation,
      body: {
        shape: "policy",
        ancestors: ancestors
          .sort((a, b) => compareGateways(a.gateway, b.gateway))
          .slice(0, maxAncestors.policy)
          .map((ancestor) => ({
            ancestorRef: ancestorRef(ancestor.gateway),
            conditions: deriveConditions([accepted], ancestor.findings, policy.metadata.generation),
          })),
      },
    });
  }
  return { status, findings };
}

function findTracing(policy: TelemetryPolicy): readonly Finding[] {
  if (policy.spec.tracing?.mode !== "Enabled") return [];
  return [
    report(
      "telemetry-tracing-unsupported",
      { resource: policy, pointer: "/spec/tracing/mode" },
      {
        message: "The policy switches tracing on, but this gateway exports no spans.",
        fix: "Write `mode: ImplementationDefault` and remove the fields that belong to `Enabled`; traceparent is passed on in any case.",
      },
    ),
  ];
}
