import { compilePathEdit, tellingHeaders } from "../../ir/edit-path.ts";
import type { BuiltFilter, FilterOfKind } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import { problem } from "../contract/local-reply.ts";

const tooCostly = problem(414, "DL", "The path is too long to be rewritten.");

/**
 * Changes the path that the backend sees, as earlier filters have left it. What tells the backend of it is the gateway's word alone: a
 * client's own does not stay beside it.
 */
export function buildPathEdit({ change }: FilterOfKind<"pathEdit">): BuiltFilter<undefined> {
  const edit = compilePathEdit(change);
  const header = tellingHeaders[change.edit];
  const hook = onRequest((request) => {
    const target = request.askedTarget();
    const queryAt = target.indexOf("?");
    const edited = edit(queryAt < 0 ? target : target.slice(0, queryAt));
    if (edited === "tooCostly") return tooCostly;
    if (edited === undefined) return undefined;
    if (header !== undefined) request.setHeader(header, edited.told);
    request.setPath(edited.path);
    return undefined;
  });
  return { hooks: [hook], claimedTrailers: header === undefined ? [] : [header], carried: undefined };
}
