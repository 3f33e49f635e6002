import type { Resource } from "../../resource/kinds.ts";
import { findUnknownLoadBalancing } from "../backend/load-balancing.ts";
import type { CompileContext } from "../contract.ts";
import { findNewerFields, kindsWithNewerFields } from "../report/field-release.ts";
import type { Report } from "../report/report-table.ts";

/** What is to be said of objects whatever Gateways and routes make of them. Each route speaks for itself. */
export function compileOthers(context: CompileContext): Report {
  const kinds = [...kindsWithNewerFields].filter((kind) => !kind.endsWith("Route"));
  return {
    status: [],
    findings: [
      ...findUnknownLoadBalancing(context),
      ...kinds
        .flatMap((kind): readonly Resource[] => context.snapshot.list(kind))
        .flatMap((one) => findNewerFields(context, one)),
    ],
  };
}
