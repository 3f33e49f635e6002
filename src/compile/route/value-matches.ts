import { compileRegex } from "../../base/regex.ts";
import type { ValueMatch } from "../../ir/match.ts";
import { decodeQueryText } from "../../ir/query.ts";
import { type BackendScope, reportIn } from "../backend/backend-scope.ts";
import type { RuleFault } from "./rule-fault.ts";

type ApiValueMatch = { readonly type: "Exact" | "RegularExpression"; readonly name: string; readonly value: string };

/** What a rule's matches are compiled for: the faults of the rule are gathered here. */
export type MatchScope = { readonly scope: BackendScope; readonly ruleIndex: number; readonly faults: RuleFault[] };

/** Header matches with lower-case names; of several entries for one name the first counts. Spec: HTTPHeaderMatch. */
export function compileHeaderMatches(
  at: MatchScope,
  headers: readonly ApiValueMatch[] | undefined,
  pointer: string,
): readonly ValueMatch[] {
  const named = (headers ?? []).map((header) => ({ ...header, name: header.name.toLowerCase() }));
  return compileValueMatches(at, named, { what: "header", pointer });
}

/**
 * Query parameter matches, decoded as queries are; names are case-sensitive, and of several entries for one name the first
 * counts. Spec: HTTPQueryParamMatch.
 */
export function compileQueryMatches(
  at: MatchScope,
  query: readonly ApiValueMatch[] | undefined,
  pointer: string,
): readonly ValueMatch[] {
  const decoded = (query ?? []).map(({ type, name, value }) => ({
    type,
    name: decodeQueryText(name),
    value: type === "Exact" ? decodeQueryText(value) : value,
  }));
  return compileValueMatches(at, decoded, { what: "query parameter", pointer });
}

function compileValueMatches(
  at: MatchScope,
  matches: readonly ApiValueMatch[],
  { what, pointer }: { readonly what: string; readonly pointer: string },
): readonly ValueMatch[] {
  const seen = new Set<string>();
  return matches.flatMap((match, index) => {
    if (seen.has(match.name)) {
      reportIn(at.scope, "header-match-ignored", {
        pointer: `${pointer}/${index}`,
        message: `The match already lists ${what} ${JSON.stringify(match.name)}; this entry is ignored.`,
        fix: "Remove one of the two entries, or combine them in one regular expression.",
      });
      return [];
    }
    seen.add(match.name);
    return [compileValueMatch(at, match, `${pointer}/${index}`)];
  });
}

function compileValueMatch(at: MatchScope, match: ApiValueMatch, pointer: string): ValueMatch {
  if (match.type === "Exact") return { name: match.name, kind: "exact", value: match.value };
  checkRegex(at, match.value, `${pointer}/value`, match.name);
  return { name: match.name, kind: "regex", value: match.value };
}

/** Adds a fault when a pattern is not usable. `named`: it is for the value of that header or parameter, and so may be secret: it is not shown. */
export function checkRegex(at: MatchScope, pattern: string, pointer: string, named?: string): void {
  const regex = compileRegex(pattern);
  if (regex.kind === "regex") return;
  // The library's words end in the part that it stumbled over.
  const [cause = ""] = regex.message.split(": `");
  const problem =
    named === undefined
      ? `${JSON.stringify(shorten(pattern))} cannot be used: ${regex.message}`
      : `for ${named} cannot be used: ${cause}`;
  at.faults.push({
    ruleIndex: at.ruleIndex,
    pointer,
    message: `the regular expression ${problem}.`,
    fix: regex.fix,
  });
}

function shorten(pattern: string): string {
  return pattern.length <= 80 ? pattern : `${pattern.slice(0, 79)}…`;
}
