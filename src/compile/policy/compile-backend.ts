import type { Resource } from "../../resource/kinds.ts";
import { compileBackendObject } from "../backend/backend-object.ts";
import type { CompileContext } from "../contract.ts";
import { type ConditionDefault, deriveConditions } from "../report/conditions.ts";
import { refOf } from "../report/report.ts";
import type { Report } from "../report/report-table.ts";
import { gatewaysOf, type PolicyUsage } from "./policy-usage.ts";

const accepted: ConditionDefault = {
  type: "Accepted",
  status: "True",
  reason: "Accepted",
  message: "The backend is accepted.",
};

/**
 * Status and findings of a Backend. Its status has no entries for controllers, so only one that routes of ours use gets one.
 * Spec: BackendStatus of Envoy Gateway.
 */
export function compileBackend(context: CompileContext, usage: PolicyUsage, backend: Resource<"Backend">): Report {
  const { generation, namespace, name } = backend.metadata;
  const { findings } = compileBackendObject(context, backend);
  if (gatewaysOf(usage, `Backend/${namespace}/${name}`).length === 0) return { status: [], findings };
  const conditions = deriveConditions([accepted], findings, generation);
  return { status: [{ ref: refOf(backend), generation, body: { shape: "backend", conditions } }], findings };
}
