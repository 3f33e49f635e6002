import type { Resource } from "../../resource/kinds.ts";
import { compileXBackendTls } from "../backend/xbackend.ts";
import type { CompileContext } from "../contract.ts";
import type { ConditionDefault } from "../report/conditions.ts";
import type { Report } from "../report/report-table.ts";
import { ancestorStatus } from "./ancestor-status.ts";
import { gatewaysOf, type PolicyUsage } from "./policy-usage.ts";

const accepted: ConditionDefault = {
  type: "Accepted",
  status: "True",
  reason: "Accepted",
  message: "The backend is accepted.",
};

/** Status and findings of an XBackend: one ancestor for every Gateway whose routes use it. Spec: BackendStatus (GEP-4894). */
export function compileXBackend(context: CompileContext, usage: PolicyUsage, backend: Resource<"XBackend">): Report {
  const { namespace, name } = backend.metadata;
  const own = compileXBackendTls(context, backend).findings;
  const users = gatewaysOf(usage, `XBackend/${namespace}/${name}`);
  const ancestors = users.map((gateway) => ({ gateway, findings: [], conditions: [] }));
  return { status: [ancestorStatus(backend, { defaults: [accepted], own, ancestors })], findings: own };
}
