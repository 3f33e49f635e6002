import type { HttpRouteFilterSpec } from "../../compile/route/filter-scope.ts";
import type { PartScope } from "../../compile/route/part-scope.ts";
import type { Filter } from "../../ir/filter.ts";
import { compileContent } from "./compile-content.ts";

/** Compiles `HTTPRouteFilter.spec.directResponse`; the status is 200 unless written. `undefined`, with a finding, as its content. */
export function compileDirectResponse(
  { statusCode = 200, ...answer }: NonNullable<HttpRouteFilterSpec["directResponse"]>,
  scope: PartScope,
): Filter | undefined {
  if (statusCode < 200) {
    return scope.mistake("/statusCode", {
      message: `statusCode is ${statusCode}, which is no status of a final answer.`,
      fix: "Write a status from 200 to 599.",
    });
  }
  const content = compileContent(answer, scope, { field: "", use: "request" });
  return content && { kind: "directResponse", status: statusCode, reason: "the rule answers by itself", content };
}
