import { RE2JS } from "re2js";

/**
 * Rewrites the replacement text of Go's `regexp` (`$1`, `${1}`, `${name}`, `$$`) as the one of RE2 (`\1`). A group that the pattern
 * does not have is replaced by nothing. `undefined`: the pattern does not compile, or a group is beyond the ninth, which RE2
 * cannot name. Spec: Regexp.Expand of Go.
 */
export function substitutionOfGo(pattern: string, replacement: string): string | undefined {
  const numberOf = groupNumbers(pattern);
  if (numberOf === undefined) return undefined;
  let beyond = false;
  const substitution = replacement.replace(/\$(?:(\$)|(\w+)|\{(\w+)\})|\\/g, (whole, dollar, plain, braced) => {
    if (whole === "\\") return "\\\\";
    if (dollar !== undefined) return "$";
    const number = numberOf(plain ?? braced);
    if (number === undefined) return "";
    if (number > 9) beyond = true;
    return `\\${number}`;
  });
  return beyond ? undefined : substitution;
}

/** The number of a group by its number or name; `undefined`: the pattern has none of it. */
function groupNumbers(pattern: string): ((group: string) => number | undefined) | undefined {
  try {
    const compiled = RE2JS.compile(pattern);
    const named = compiled.namedGroups();
    return (group) => {
      if (!/^\d+$/.test(group)) return named[group];
      const number = Number(group);
      return number <= compiled.groupCount() ? number : undefined;
    };
  } catch {
    return undefined;
  }
}
