import assert from "node:assert/strict";
import { test } from "node:test";
import { substitutionOfGo } from "./go-replacement.ts";

const rows: readonly (readonly [pattern: string, replacement: string, substitution: string | undefined])[] = [
  ["^/(a)/(b)", "/$2/$1", "/\\2/\\1"],
  ["(a)", `\${1}0`, "\\10"],
  // The longest name counts, as in Go: there is no group 10.
  ["(a)", "$10", ""],
  ["(a)", "$1x", ""],
  ["(?P<who>a)(b)", `\${who}-$who-$2`, "\\1-\\1-\\2"],
  ["(a)", `\${none}$5`, ""],
  ["(a)", "$$1 costs $$", "$1 costs $"],
  ["(a)", "$-$", "$-$"],
  ["(a)", "\\1", "\\\\1"],
  ["a", "$0$0", "\\0\\0"],
  ["(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", `\${10}`, undefined],
  ["(", "x", undefined],
];

for (const [pattern, replacement, substitution] of rows) {
  test(`substitutionOfGo: ${pattern} and ${replacement}`, () => {
    assert.equal(substitutionOfGo(pattern, replacement), substitution);
  });
}
