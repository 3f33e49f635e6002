import { compileRegex } from "../../base/regex.ts";
import type { HttpRouteFilterSpec } from "../../compile/route/filter-scope.ts";
import type { PartScope } from "../../compile/route/part-scope.ts";
import type { Filter } from "../../ir/filter.ts";
import type { ValueMatch } from "../../ir/match.ts";

type Matches = NonNullable<HttpRouteFilterSpec["matches"]>;

/**
 * Judges `HTTPRouteFilter.spec.matches`. It makes no filter: which requests are the rule's is decided with its matches.
 * `undefined`, with a finding, where it cannot be honoured.
 */
export function compileExtensionMatches(matches: Matches, scope: PartScope): readonly Filter[] | undefined {
  if (scope.place === "elsewhere")
    return scope.mistake("", {
      message:
        "matches is set, but only a filter of a rule of an HTTPRoute has a say on which requests are the rule's.",
      fix: "Refer to the filter in the rule's filters, or remove matches.",
    });
  const faults = matches.flatMap(({ cookies }, index) =>
    cookies.flatMap(({ type, name, value }, place) => {
      const regex = type === "RegularExpression" ? compileRegex(value) : undefined;
      return regex?.kind === "error" ? [{ field: `/${index}/cookies/${place}/value`, name, regex }] : [];
    }),
  );
  // Values of cookies may be secret: the expression is not shown.
  for (const { field, name, regex } of faults) {
    const [cause = ""] = regex.message.split(": `");
    scope.mistake(field, {
      message: `The regular expression for cookie ${JSON.stringify(name)} cannot be used: ${cause}.`,
      fix: regex.fix,
    });
  }
  return faults.length === 0 ? [] : undefined;
}

/** Cookies that must all match; `undefined` when an expression among them is not usable. */
export function compileCookies(cookies: Matches[number]["cookies"]): readonly ValueMatch[] | undefined {
  const usable = cookies.every(({ type, value }) => type === "Exact" || compileRegex(value).kind === "regex");
  if (!usable) return undefined;
  return cookies.map(({ type, name, value }) => ({ name, kind: type === "Exact" ? "exact" : "regex", value }));
}
