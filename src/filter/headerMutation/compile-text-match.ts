import { compileRegex } from "../../base/regex.ts";
import type { StringMatch } from "../../compile/route/filter-scope.ts";
import type { PartScope } from "../../compile/route/part-scope.ts";
import type { TextMatch } from "../../ir/text-match.ts";

const kinds = { Exact: "exact", Prefix: "prefix", Suffix: "suffix", RegularExpression: "regex" } as const;

/** Compiles a comparison at `field`; `undefined`, with a finding, when its expression is not usable. */
export function compileTextMatch({ type, value }: StringMatch, scope: PartScope, field: string): TextMatch | undefined {
  const regex = type === "RegularExpression" ? compileRegex(value) : undefined;
  if (regex?.kind !== "error") return { kind: kinds[type], value };
  return scope.mistake(`${field}/value`, {
    message: `The regular expression ${JSON.stringify(value)} cannot be used: ${regex.message}.`,
    fix: regex.fix,
  });
}

/** All of them; `undefined`, with a finding for each that is not usable. */
export function compileTextMatches(
  matches: readonly StringMatch[] | undefined,
  scope: PartScope,
  field: string,
): readonly TextMatch[] | undefined {
  const compiled = (matches ?? []).map((match, index) => compileTextMatch(match, scope, `${field}/${index}`));
  return compiled.every((match) => match !== undefined) ? compiled : undefined;
}
