import { substitutionOfGo } from "../../base/regex/go-replacement.ts";
import { compileReplacement } from "../../base/regex/replacement.ts";
import type { FilterPartScope } from "../../compile/route/part-scope.ts";
import type { PathEdit } from "../../ir/middleware-filter.ts";
import type { CompilePart } from "./compile-part.ts";

/** A pattern with what takes the place of its matches, or `undefined` with a finding. Spec: Go, package regexp. */
export function compileGoReplacement(
  { regex = "", replacement = "" }: { readonly regex?: string; readonly replacement?: string },
  scope: FilterPartScope,
): { readonly pattern: string; readonly substitution: string } | undefined {
  const pattern = regex.trim();
  const substitution = substitutionOfGo(pattern, replacement.trim());
  const compiled = compileReplacement(pattern, substitution ?? "");
  if (compiled.kind === "error") {
    const { message, fix } = compiled;
    return scope.mistake("/regex", { message: `The expression cannot be used: ${message}.`, fix });
  }
  if (substitution === undefined) {
    const message = "The replacement names a group beyond the ninth.";
    return scope.mistake("/replacement", { message, fix: "Write (?:…) for groups that it does not need." });
  }
  return { pattern, substitution };
}

export const compileAddPrefix: CompilePart<"addPrefix"> = ({ prefix = "" }, scope) =>
  prefix === ""
    ? scope.mistake("/prefix", { message: "The prefix is empty.", fix: "Write one, such as `/app`." })
    : edits({ edit: "addPrefix", prefix });

export const compileReplacePath: CompilePart<"replacePath"> = ({ path = "" }) => edits({ edit: "replace", path });

/** Without a replacement nothing is replaced. Spec: ReplacePathRegex of Traefik. */
export const compileReplacePathRegex: CompilePart<"replacePathRegex"> = (config, scope) => {
  const made = compileGoReplacement(config, scope);
  if (made === undefined) return undefined;
  return made.substitution === "" ? [] : edits({ edit: "replacePattern", ...made });
};

export const compileStripPrefix: CompilePart<"stripPrefix"> = ({ prefixes = [] }) =>
  edits({ edit: "stripPrefix", prefixes });

export const compileStripPrefixRegex: CompilePart<"stripPrefixRegex"> = ({ regex = [] }, scope) => {
  const patterns = regex.map((text) => text.trim());
  const faults = patterns.flatMap((pattern, index) => {
    const compiled = compileReplacement(pattern, "");
    if (compiled.kind !== "error") return [];
    const { message, fix } = compiled;
    return [scope.mistake(`/regex/${index}`, { message: `The expression cannot be used: ${message}.`, fix })];
  });
  return faults.length > 0 ? undefined : edits({ edit: "stripPattern", patterns });
};

function edits(change: PathEdit): ReturnType<CompilePart<"addPrefix">> {
  return [{ kind: "pathEdit", change }];
}
