import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseQuery } from "./query.ts";

describe("parseQuery()", () => {
  const rows: readonly [query: string, expected: readonly (readonly [string, string])[]][] = [
    ["", []],
    [
      "a=1&b=2",
      [
        ["a", "1"],
        ["b", "2"],
      ],
    ],
    ["a=1&a=2", [["a", "1"]]],
    ["a", [["a", ""]]],
    ["a=", [["a", ""]]],
    ["=1", [["", "1"]]],
    ["a=b=c", [["a", "b=c"]]],
    ["&&a=1&", [["a", "1"]]],
    ["a+b=c%20d", [["a b", "c d"]]],
    ["a=%C3%BC", [["a", "ü"]]],
    ["a=%zz", [["a", "%zz"]]],
    ["a=%FF", [["a", "%FF"]]],
    ["%61=1&a=2", [["a", "1"]]],
    ["__proto__=1", [["__proto__", "1"]]],
  ];
  for (const [query, expected] of rows) {
    test(`reads ${JSON.stringify(query)}`, () => {
      assert.deepEqual([...parseQuery(query)], expected);
    });
  }
});
