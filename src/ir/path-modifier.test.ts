import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PathModifier } from "./filter.ts";
import { modifyPath, modifyQuery } from "./path-modifier.ts";

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
    ["/foo/%e2%82%ac", "/foo", "/straße x", "/stra%C3%9Fe%20x/%e2%82%ac"],
    // The rest begins behind as many elements as the prefix has, however they are spelled.
    ["/%66oo/b%41r", "/foo", "/xyz", "/xyz/b%41r"],
    ["/%7Ejo/caf%c3%a9/x", "/~jo/caf%C3%A9", "/xyz", "/xyz/x"],
    ["/%7Ejo", "/~jo", "/xyz", "/xyz"],
    ["/%7Ejo/", "/~jo", "/xyz", "/xyz/"],
    // A question mark of a prefix cannot begin a query: the rest of the path would be in it.
    ["/foo/bar", "/foo", "/a?b", "/a%3Fb/bar"],
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
    ["/100%/%41/%zz", "/100%25/%41/%25zz"],
    ["/a#b/{c}/|[d]", "/a%23b/%7Bc%7D/|[d]"],
  ];
  for (const [value, expected] of rows) {
    test(`with ${JSON.stringify(value)} it is ${expected}`, () => {
      const modifier: PathModifier = { kind: "full", value, query: "" };
      assert.equal(modifyPath(modifier, "/old/path", "/old"), expected);
    });
  }
});

describe("modifyQuery() puts the query of a full path before the request's", () => {
  const rows: readonly [modifier: PathModifier, query: string, expected: string][] = [
    [{ kind: "full", value: "/l", query: "x=1" }, "y=2", "x=1&y=2"],
    [{ kind: "full", value: "/l", query: "x=1" }, "", "x=1"],
    [{ kind: "full", value: "/l", query: "" }, "y=2", "y=2"],
    [{ kind: "full", value: "/l", query: "x=a b#c" }, "y=2", "x=a%20b%23c&y=2"],
    [{ kind: "prefix", value: "/l" }, "y=2", "y=2"],
  ];
  for (const [modifier, query, expected] of rows) {
    test(`${JSON.stringify(modifier)} makes ${JSON.stringify(expected)} of ${JSON.stringify(query)}`, () => {
      assert.equal(modifyQuery(modifier, query), expected);
    });
  }
});
