import assert from "node:assert/strict";
import { test } from "node:test";
import { compileReplacement } from "./replacement.ts";

function replaced(pattern: string, substitution: string, text: string): string | undefined {
  const compiled = compileReplacement(pattern, substitution);
  assert.equal(compiled.kind, "replacement");
  return compiled.kind === "replacement" ? compiled.apply(text) : undefined;
}

const cases: readonly (readonly [pattern: string, substitution: string, text: string, result: string])[] = [
  ["^/service/([^/]+)(/.*)$", "\\2/instance/\\1", "/service/foo/v1/api", "/v1/api/instance/foo"],
  ["one", "two", "/xxx/one/yyy/one/zzz", "/xxx/two/yyy/two/zzz"],
  ["^(.*?)one(.*)$", "\\1two\\2", "/xxx/one/yyy/one/zzz", "/xxx/two/yyy/one/zzz"],
  ["(?i)/xxx/", "/yyy/", "/aaa/XxX/bbb", "/aaa/yyy/bbb"],
  ["a*", "-", "baaac", "-b-c-"],
  ["x", "\\\\\\0", "axb", "a\\xb"],
  ["(a)|(b)", "[\\1\\2]", "ab", "[a][b]"],
  ["é", "e", "/é", "/e"],
  ["nothing", "x", "/a", "/a"],
];
for (const [pattern, substitution, text, result] of cases) {
  test(`${pattern} by ${substitution} in ${text}`, () => assert.equal(replaced(pattern, substitution, text), result));
}

test("says what cannot be used", () => {
  for (const [pattern, substitution, said] of [
    ["(", "x", "missing"],
    ["(?=a)", "x", ""],
    ["a", "\\1", "has 0 groups"],
    ["a", "\\x", "backslash"],
    ["a", "x\\", "backslash"],
  ] as const) {
    const compiled = compileReplacement(pattern, substitution);
    assert.equal(compiled.kind, "error", pattern);
    if (compiled.kind === "error") assert.ok(compiled.message.includes(said), compiled.message);
  }
});

test("what looks at the rest of a long text again and again is given up in bounded time", () => {
  for (const [pattern, text] of [
    ["a(.*b)?", `/${"a".repeat(60_000)}`],
    ["(x?x?x?x?x?x?x?x?){100}y|x", "x".repeat(60_000)],
    ["(a|aa)+$|b", `${"b".repeat(30_000)}${"a".repeat(30_000)}`],
  ] as const) {
    const compiled = compileReplacement(pattern, "-");
    if (compiled.kind === "error") continue;
    const start = performance.now();
    assert.equal(compiled.apply(text), undefined);
    assert.ok(performance.now() - start < 1_000, `${pattern}: ${performance.now() - start} ms`);
  }
});

test("what paths have is within the bound", () => {
  const path = "/segment-of-some-length".repeat(40);
  assert.equal(replaced("/([a-z]+)-of-", "/\\1_of_", path), path.replaceAll("-of-", "_of_"));
});
