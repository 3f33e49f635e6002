import { compileCookies } from "../../filter/extensionRef/compile-matches.ts";
import type { ValueMatch } from "../../ir/match.ts";
import { kindOf } from "../../resource/kinds.ts";
import { resolveObject } from "../../store/resolve-object.ts";
import type { ApiFilter } from "./filter-scope.ts";
import type { MatchScope } from "./value-matches.ts";

/** Ways to fit that the filters of one rule may come to. */
const maxCookieChoices = 64;

/**
 * The cookies of which requests must have one set, beside what the rule's matches ask, as its HTTPRouteFilters say; one empty set
 * when they say nothing. Filters that cannot be honoured answer 500 whatever the cookies. Spec: HTTPRouteFilter.matches of Envoy
 * Gateway.
 */
export function cookieChoices(
  { scope, ruleIndex, faults }: MatchScope,
  filters: readonly ApiFilter[],
): readonly (readonly ValueMatch[])[] {
  let choices: readonly (readonly ValueMatch[])[] = [[]];
  for (const [index, { extensionRef }] of filters.entries()) {
    if (extensionRef === undefined || kindOf(extensionRef.group, extensionRef.kind) !== "HTTPRouteFilter") continue;
    const { group, name } = extensionRef;
    const { namespace } = scope.referrer.metadata;
    const filter = resolveObject(scope.context.snapshot, "HTTPRouteFilter", { group, namespace, name });
    const own = (filter?.spec.matches ?? []).flatMap(({ cookies }) => {
      const compiled = compileCookies(cookies);
      return compiled === undefined ? [] : [compiled];
    });
    if (own.length === 0) continue;
    if (own.length * choices.length > maxCookieChoices) {
      faults.push({
        ruleIndex,
        pointer: `/spec/rules/${ruleIndex}/filters/${index}/extensionRef`,
        message: `the matches of its filters combine in more than ${maxCookieChoices} ways.`,
        fix: "Write all cookies into one filter.",
      });
      return choices;
    }
    choices = choices.flatMap((before) => own.map((cookies) => [...before, ...cookies]));
  }
  return choices;
}
