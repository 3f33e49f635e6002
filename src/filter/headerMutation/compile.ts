import type { HttpRouteFilterSpec } from "../../compile/route/filter-scope.ts";
import type { PartScope } from "../../compile/route/part-scope.ts";
import { type Filter, noHeaderChanges } from "../../ir/filter.ts";
import { compileChanges } from "./compile-changes.ts";

/** Compiles `HTTPRouteFilter.spec.headerMutation`; `undefined`, with a finding, when a part of it cannot be used. */
export function compileHeaderMutation(
  config: NonNullable<HttpRouteFilterSpec["headerMutation"]>,
  scope: PartScope,
): Filter | undefined {
  const request = config.request
    ? compileChanges(config.request, scope, { field: "/request", use: "request" })
    : noHeaderChanges;
  const response = config.response
    ? compileChanges(config.response, scope, { field: "/response", use: "response" })
    : noHeaderChanges;
  return request && response && { kind: "headerMutation", request, response };
}
