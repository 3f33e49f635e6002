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
    ["a{900}b{900}c{900}d{900}e{900}", /too large: more than 4000 steps/],
    ["(".repeat(4000), /./],
    [`${"(".repeat(2000)}a${")".repeat(2000)}`, /./],
    ["a".repeat(maxPatternLength + 1), /4097 characters/],
    ["/.*a.{900}c", /too many states/],
    [".*a.{20}c", /too many states/],
    ["/.{1,100}/.{1,100}", /too many states/],
    ["[\\p{L}\\p{N}]".repeat(300), /too many states/],
  ];
  for (const [pattern, message] of bad) {
    test(`refuses ${JSON.stringify(pattern.slice(0, 24))} with a reason instead of throwing`, () => {
      const regex = compileRegex(pattern);
      assert.equal(regex.kind, "error");
      if (regex.kind === "error") assert.match(regex.message, message);
      if (regex.kind === "error") assert.match(regex.fix, /^[A-Z].+\.$/);
    });
  }

  const used: readonly (readonly [pattern: string, fits: string, misses: string])[] = [
    ["/api/v[0-9]+/users/.*", "/api/v2/users/7", "/api/v/users/7"],
    ["/(?:en|de|fr)/(?:[^/]+/)*index\\.html?", "/de/a/b/index.htm", "/it/index.htm"],
    ["(?i)/path/[a-z0-9._-]{1,63}/?", "/Path/X-1.y/", `/path/${"x".repeat(64)}`],
    ["/[^/]{1,63}/[^/]{1,63}/[^/]{1,63}/.*", "/a/b/c/d", "/a/b/c"],
    ["/x(/|$)(.*)", "/x/y", "/xyz"],
    [".*\\.(?:jpe?g|png|gif|css|js|woff2?)", "/a/b.jpeg", "/a/b.jpegs"],
    ["(^|.*;\\s*)canary=always(;.*|$)", "a=b; canary=always; c=d", "xcanary=always"],
    [
      ".*[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}.*",
      "/o/00000000-aaaa-bbbb-cccc-0123456789ab/x",
      "/o/00000000-aaaa-bbbb-cccc-0123456789a/x",
    ],
    [
      "(?i).*\\b(?:googlebot|bingbot|yandexbot|duckduckbot|baiduspider|applebot)\\b.*",
      "x GoogleBot/2.1",
      "x Googlebots",
    ],
    ["(?:10|172\\.(?:1[6-9]|2[0-9]|3[01])|192\\.168)(?:\\.[0-9]{1,3}){2,3}", "172.31.0.9", "172.32.0.9"],
    ["[^@\\s]{1,64}@(?:[a-z0-9-]{1,63}\\.){1,8}[a-z]{2,24}", "a.b@mail.example.org", "a.b@mail"],
    ["/a{900}", `/${"a".repeat(900)}`, `/${"a".repeat(899)}`],
    ["[\\p{L}\\p{N}-]{1,64}", "größe-9", "a b"],
  ];
  for (const [pattern, fits, misses] of used) {
    test(`takes ${JSON.stringify(pattern.slice(0, 40))}, as people use it`, () => {
      assert.equal(matches(pattern, fits), true, fits);
      assert.equal(matches(pattern, misses), false, misses);
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
