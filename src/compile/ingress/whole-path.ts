/** Rewrites as nginx makes them: where an expression fits somewhere in the decoded path, the target takes the place of all of it. */
import { substitutionOfGo } from "../../base/regex/go-replacement.ts";
import type { RegexSubstitution } from "../../ir/filter.ts";

/** `pattern` is in RE2 syntax; `target` has `$1` to `$9` and `$name` for its groups. `undefined`: it cannot be had. */
export function wholePathSubstitution(pattern: string, target: string): RegexSubstitution | undefined {
  // nginx takes one digit for the number of a group, Go as many letters and digits as there are.
  const braced = target.replaceAll(/\$(\d)/g, (_, group: string) => `\${${group}}`);
  const whole = `^(?s:.*?)(?:${pattern})(?s:.*)$`;
  const substitution = substitutionOfGo(whole, braced);
  return substitution === undefined ? undefined : { pattern: whole, substitution };
}
