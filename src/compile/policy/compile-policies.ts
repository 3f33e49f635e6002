import type { CompileContext } from "../contract.ts";
import type { Report } from "../report/report-table.ts";
import { compileBackend } from "./compile-backend.ts";
import { compileDirect } from "./compile-direct.ts";
import { compileInherited } from "./compile-inherited.ts";
import { compileXBackend } from "./compile-xbackend.ts";
import { directKindNames, inheritedKindNames } from "./policy-kinds.ts";
import type { PolicyUsage } from "./policy-usage.ts";

/**
 * Statuses of all policies and of XBackends, one ancestor for every Gateway that is concerned, of Backends, and the findings about them.
 * What they do to clusters, rules and Gateways has happened where these are compiled.
 */
export function compilePolicies(context: CompileContext, usage: PolicyUsage): Report {
  const reports = [
    ...directKindNames.flatMap((kind) => compileDirect(context, usage, kind)),
    ...inheritedKindNames.flatMap((kind) => compileInherited(context, usage, kind)),
    ...context.snapshot.list("Backend").map((backend) => compileBackend(context, usage, backend)),
    ...context.snapshot.list("XBackend").map((backend) => compileXBackend(context, usage, backend)),
  ];
  return {
    status: reports.flatMap(({ status }) => status),
    findings: reports.flatMap(({ findings }) => findings),
  };
}
