import type { Matcher, Rule } from "./rule.ts";

/** A matcher, or what does not fit it. */
export type Condition = { readonly matcher: Matcher; readonly negated: boolean };

/** Conditions that hold together. */
export type Conjunction = readonly Condition[];

/** As many as an HTTPRoute's rule may have matches. */
const alternativesLimit = 64;

/**
 * A rule as alternatives, of which one has to hold: what an HTTPRoute's `matches` are. `undefined`: there are more than 64. Several
 * arguments where version 2 takes them for alternatives are such here.
 */
export function alternativesOf(rule: Rule): readonly Conjunction[] | undefined {
  return expand(rule, false);
}

function expand(rule: Rule, negated: boolean): readonly Conjunction[] | undefined {
  switch (rule.kind) {
    case "not":
      return expand(rule.rule, !negated);
    case "matcher":
      return expandMatcher(rule.matcher, negated);
    default: {
      const parts: (readonly Conjunction[])[] = [];
      for (const each of rule.rules) {
        const part = expand(each, negated);
        if (part === undefined) return undefined;
        parts.push(part);
      }
      // De Morgan: what is not (a and b) is not a, or not b.
      return (rule.kind === "or") !== negated ? within(parts.flat()) : product(parts);
    }
  }
}

/** Matchers of which version 2 takes several values. Those of two arguments have a name and a value. */
const manyValues: ReadonlySet<string> = new Set([
  "Host",
  "HostSNI",
  "Path",
  "PathPrefix",
  "Method",
  "ClientIP",
  "ALPN",
  "Query",
]);

function expandMatcher(matcher: Matcher, negated: boolean): readonly Conjunction[] | undefined {
  const { name, args } = matcher;
  const isPair = name === "Query" && args.length === 2 && !args.some((each) => each.includes("="));
  if (args.length < 2 || isPair || !manyValues.has(name)) return [[{ matcher, negated }]];
  const each = args.map((argument): Conjunction => [{ matcher: { name, args: [argument] }, negated }]);
  return negated ? product(each.map((one) => [one])) : within(each);
}

function product(parts: readonly (readonly Conjunction[])[]): readonly Conjunction[] | undefined {
  let found: readonly Conjunction[] = [[]];
  for (const part of parts) {
    if (found.length * part.length > alternativesLimit) return undefined;
    found = found.flatMap((left) => part.map((right) => [...left, ...right]));
  }
  return found;
}

function within(found: readonly Conjunction[]): readonly Conjunction[] | undefined {
  return found.length > alternativesLimit ? undefined : found;
}
