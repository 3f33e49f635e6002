import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileRegex, maxPatternLength } from "./regex.ts";

function matches(pattern: string, text: string): boolean {
  const regex = compileRegex(pattern);
  assert.equal(regex.kind, "regex", JSON.stringify(regex));
  return regex.kind === "regex" && regex.matchesWhole(text);
}

describe("compileRegex()", () => {
  const rows: readonly [pattern: string, text: string, expected: boolean][] = [
    ["/api/v[0-9]+", "/api/v12", true],
    ["/api/v[0-9]+", "/api/v12/", false],
    ["api", "/api", false],
    ["a|ab", "ab", true],
    ["a|ab", "abc", false],
    ["^/x$", "/x", true],
    ["(?i)/x", "/X", true],
    ["", "", true],
    ["", "a", false],
    [".*", "", true],
    ["[[:alpha:]]+", "abc", true],
    ["\\d{3}", "123", true],
  ];
  for (const [pattern, text, expected] of rows) {
    test(`${JSON.stringify(pattern)} ${expected ? "matches" : "does not match"} the whole of ${JSON.stringify(text)}`, () => {
      assert.equal(matches(pattern, text), expected);
    });
  }

  const bad: readonly [pattern: string, message: RegExp][] = [
    ["(", /missing closing \)/],
    ["a**", /nested repetition/],
    ["(a)\\1", /invalid escape sequence/],
    ["(?=a)b", /Perl syntax/],
    ["[z-a]", /invalid character class range/],
    ["(a{1,1000}){1,1000}", /too large/],
    ["a{900}b{900}", /too large: \d+ steps/],
    ["(".repeat(4000), /./],
    [`${"(".repeat(2000)}a${")".repeat(2000)}`, /./],
    ["a".repeat(maxPatternLength + 1), /4097 characters/],
  ];
  for (const [pattern, message] of bad) {
    test(`refuses ${JSON.stringify(pattern.slice(0, 24))} with a reason instead of throwing`, () => {
      const regex = compileRegex(pattern);
      assert.equal(regex.kind, "error");
      if (regex.kind === "error") assert.match(regex.message, message);
    });
  }

  test("returns the same object for the same pattern", () => {
    assert.equal(compileRegex("/same/.*"), compileRegex("/same/.*"));
  });

  test("literalPrefix is a beginning that every match has", () => {
    for (const [pattern, text] of [
      ["/api/.*", "/api/x"],
      ["/api?x", "/apx"],
      ["/a|/b", "/b"],
      ["(?i)/api", "/API"],
      ["^/api/x$", "/api/x"],
      ["(/api)?/x", "/x"],
    ] as const) {
      const regex = compileRegex(pattern);
      assert.ok(regex.kind === "regex" && regex.matchesWhole(text) && text.startsWith(regex.literalPrefix), pattern);
    }
    const regex = compileRegex("/api/.*");
    assert.equal(regex.kind === "regex" && regex.literalPrefix, "/api/");
  });

  test("patterns that cost a backtracking engine exponential time are decided", () => {
    assert.equal(matches("^(.*a){12}$", `${"b".repeat(4000)}!`), false);
    assert.equal(matches("(a+)+", `${"a".repeat(4000)}!`), false);
    assert.equal(matches("(x+x+)+y", "x".repeat(4000)), false);
  });
});
