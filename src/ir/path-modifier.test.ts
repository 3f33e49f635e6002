import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PathModifier } from "./filter.ts";
import { modifyPath } from "./path-modifier.ts";

describe("modifyPath() replaces a matched prefix", () => {
  const rows: readonly [path: string, matched: string | undefined, value: string, expected: string][] = [
    // The specification's table; a prefix of `/foo/` reaches the model as `/foo`.
    ["/foo/bar", "/foo", "/xyz", "/xyz/bar"],
    ["/foo/bar", "/foo", "/xyz/", "/xyz/bar"],
    ["/foo", "/foo", "/xyz", "/xyz"],
    ["/foo/", "/foo", "/xyz", "/xyz/"],
    ["/foo/bar", "/foo", "", "/bar"],
    ["/foo/", "/foo", "", "/"],
    ["/foo", "/foo", "", "/"],
    ["/foo/", "/foo", "/", "/"],
    ["/foo", "/foo", "/", "/"],
    // The root as prefix.
    ["/", "/", "/xyz", "/xyz/"],
    ["/bar", "/", "/xyz", "/xyz/bar"],
    ["/bar", "/", "/", "/bar"],
    // Never two slashes at the front.
    ["/foo//evil.test/x", "/foo", "/", "/evil.test/x"],
    ["/foo//evil.test/x", "/foo", "", "/evil.test/x"],
    ["/foo//x", "/foo", "/xyz", "/xyz//x"],
    // Without a prefix match there is nothing to replace.
    ["/foo", undefined, "/xyz", "/foo"],
    ["/foo/ü%20", "/foo", "/straße x", "/stra%C3%9Fe%20x/ü%20"],
  ];
  for (const [path, matched, value, expected] of rows) {
    test(`${path} matched by ${matched ?? "no prefix"}, replaced by ${JSON.stringify(value)}, is ${expected}`, () => {
      assert.equal(modifyPath({ kind: "prefix", value }, path, matched), expected);
    });
  }
});

describe("modifyPath() replaces the whole path", () => {
  const rows: readonly [value: string, expected: string][] = [
    ["/new", "/new"],
    ["/new/", "/new/"],
    ["", "/"],
    ["new", "/new"],
    ["//evil.test", "/evil.test"],
    ["/a b\r\nc", "/a%20b%0D%0Ac"],
    ["/\ud800", "/%EF%BF%BD"],
  ];
  for (const [value, expected] of rows) {
    test(`with ${JSON.stringify(value)} it is ${expected}`, () => {
      const modifier: PathModifier = { kind: "full", value };
      assert.equal(modifyPath(modifier, "/old/path", "/old"), expected);
    });
  }
});
