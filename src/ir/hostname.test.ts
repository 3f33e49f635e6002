import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bySpecificity, hostnameCovers, patternsCovering } from "./hostname.ts";

describe("hostnameCovers()", () => {
  const rows: readonly [pattern: string, host: string, expected: boolean][] = [
    ["example.com", "example.com", true],
    ["example.com", "a.example.com", false],
    ["*.example.com", "a.example.com", true],
    ["*.example.com", "a.b.example.com", true],
    ["*.example.com", "example.com", false],
    ["*.example.com", ".example.com", false],
    ["*.example.com", "aexample.com", false],
    ["?.example.com", "a.example.com", true],
    ["?.example.com", "a.b.example.com", false],
    ["?.example.com", "example.com", false],
    ["?.example.com", ".example.com", false],
    ["*", "anything", true],
    ["", "anything", true],
    ["", "", true],
    ["*.com", "", false],
  ];
  for (const [pattern, host, expected] of rows) {
    test(`${JSON.stringify(pattern)} ${expected ? "covers" : "does not cover"} ${JSON.stringify(host)}`, () => {
      assert.equal(hostnameCovers(pattern, host), expected);
      assert.equal(patternsCovering(host).includes(pattern), expected);
    });
  }
});

test("bySpecificity() puts exact names first, then longer wildcards, then any", () => {
  const sorted = ["*", "*.com", "a.com", "*.example.com", "?.example.com", "very.long.example.com", ""].sort(
    bySpecificity,
  );
  assert.deepEqual(sorted, ["a.com", "very.long.example.com", "?.example.com", "*.example.com", "*.com", "*", ""]);
});
