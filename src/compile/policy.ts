/** What is attached to backends and Gateways from the side: policies and XBackends. */
import type { Finding } from "../finding/finding.ts";
import type { ObjectStatus } from "../status/condition.ts";
import type { CompileContext } from "./contract.ts";
import { compileBackendPolicies } from "./policy/compile-backend-policies.ts";
import { compileTelemetryPolicies } from "./policy/compile-telemetry-policies.ts";
import { compileXBackends } from "./policy/compile-xbackends.ts";
import type { PolicyUsage } from "./policy/policy-usage.ts";

export type { PolicyUsage } from "./policy/policy-usage.ts";

/**
 * Statuses of BackendTLSPolicy, XBackendTrafficPolicy, XTelemetryPolicy and XBackend, one ancestor for every Gateway that is
 * concerned, and the findings about them. What the policies do to clusters has
 * happened in `compileRoute`.
 */
export function compilePolicies(
  context: CompileContext,
  usage: PolicyUsage,
): { readonly status: readonly ObjectStatus[]; readonly findings: readonly Finding[] } {
  const parts = [
    compileBackendPolicies(context, usage),
    compileTelemetryPolicies(context, usage),
    compileXBackends(context, usage),
  ];
  return {
    status: parts.flatMap((part) => part.status),
    findings: parts.flatMap((part) => part.findings),
  };
}
