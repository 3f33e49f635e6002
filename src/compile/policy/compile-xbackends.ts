import type { Finding } from "../../finding/finding.ts";
import type { ObjectStatus } from "../../status/condition.ts";
import { compileXBackendTls } from "../backend/xbackend.ts";
import type { CompileContext } from "../contract.ts";
import { type ConditionDefault, deriveConditions } from "../report/conditions.ts";
import { refOf } from "../report/report.ts";
import type { PolicyResult } from "./compile-backend-policies.ts";
import { ancestorRef, gatewaysOf, maxAncestors, type PolicyUsage } from "./policy-usage.ts";

const accepted: ConditionDefault = {
  type: "Accepted",
  status: "True",
  reason: "Accepted",
  message: "The backend is accepted.",
};

/** Statuses and findings of XBackends: one ancestor for every Gateway whose routes use it. Spec: BackendStatus (GEP-4894). */
export function compileXBackends(context: CompileContext, usage: PolicyUsage): PolicyResult {
  const status: ObjectStatus[] = [];
  const findings: Finding[] = [];
  for (const backend of context.snapshot.list("XBackend")) {
    const { namespace, name, generation } = backend.metadata;
    const own = compileXBackendTls(context, backend).findings;
    findings.push(...own);
    const conditions = deriveConditions([accepted], own, generation);
    const users = gatewaysOf(usage, `XBackend/${namespace}/${name}`);
    status.push({
      ref: refOf(backend),
      generation,
      body: {
        shape: "policy",
        ancestors: users
          .slice(0, maxAncestors.xbackend)
          .map((gateway) => ({ ancestorRef: ancestorRef(gateway), conditions })),
      },
    });
  }
  return { status, findings };
}
