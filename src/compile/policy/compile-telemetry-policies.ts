import type { Finding } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { ObjectStatus } from "../../status/condition.ts";
import type { CompileContext } from "../contract.ts";
import { deriveConditions } from "../report/conditions.ts";
import { refOf } from "../report/report.ts";
import { claimTargets, type TargetClaim } from "./claim-targets.ts";
import { accepted, type PolicyResult, resolvedRefs } from "./compile-backend-policies.ts";
import { compileTracing } from "./compile-tracing.ts";
import { ancestorRef, compareGateways, type GatewayName, maxAncestors, type PolicyUsage } from "./policy-usage.ts";
import { findTargetFault } from "./target-finding.ts";

type TelemetryPolicy = Resource<"XTelemetryPolicy">;

/**
 * Statuses and findings of XTelemetryPolicies. What a policy does to its Gateways has happened in `compileGatewayTracing`.
 * Spec: XTelemetryPolicy.
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
    const { tracing } = policy.spec;
    const defaults = tracing?.mode === "Enabled" ? [accepted, resolvedRefs] : [accepted];
    let own: readonly Finding[] = [];
    const ancestors: { readonly gateway: GatewayName; readonly findings: readonly Finding[] }[] = [];
    for (const claim of claims) {
      const gateway = { namespace: policy.metadata.namespace, name: claim.target.name };
      const fault = findTargetFault(context, claim);
      const ours = claim.target.kind === "Gateway" && served.has(`${gateway.namespace}/${gateway.name}`);
      const foreign = !ours && context.snapshot.get("Gateway", gateway.namespace, gateway.name) !== undefined;
      // A Gateway of another controller is that controller's to judge.
      if (fault !== undefined && !foreign) findings.push(fault);
      // Whose Gateway it is makes no difference to what is wrong with the policy itself.
      if (ours) own = compileTracing(context, policy, { ...gateway, backendClientCertificate: undefined }).findings;
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
            conditions: deriveConditions(defaults, ancestor.findings, policy.metadata.generation),
          })),
      },
    });
  }
  return { status, findings };
}
