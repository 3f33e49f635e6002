import assert from "node:assert/strict";
import { test } from "node:test";
import { compilePathEdit } from "./edit-path.ts";
import type { PathEdit } from "./middleware-filter.ts";

const prefixes: PathEdit = { edit: "stripPrefix", prefixes: ["/a/b", "/a"] };
const patterns: PathEdit = { edit: "stripPattern", patterns: ["/[a-z]+/v\\d+", "^/x"] };
const swap: PathEdit = { edit: "replacePattern", pattern: "/(\\w+)-(\\w+)", substitution: "/\\2/\\1" };

/** What becomes of a path, and what the backend is told; `undefined`: it stays. */
const rows: readonly (readonly [edit: PathEdit, path: string, result: string | undefined, told?: string])[] = [
  [{ edit: "addPrefix", prefix: "/app" }, "/x", "/app/x", ""],
  [{ edit: "addPrefix", prefix: "app" }, "/x", "/app/x", ""],
  [{ edit: "replace", path: "/new" }, "/old/x", "/new", "/old/x"],
  [{ edit: "replace", path: "/new?x=1" }, "/old", "/new%3Fx=1", "/old"],
  [prefixes, "/a/b/c", "/c", "/a/b"],
  [prefixes, "/a/x", "/x", "/a"],
  // A prefix is text, as in Traefik: it may end inside of an element.
  [prefixes, "/abc", "/bc", "/a"],
  [prefixes, "/a", "/", "/a"],
  // What is left must not name a host.
  [prefixes, "/a//evil.example/", "/evil.example/", "/a"],
  [prefixes, "/b/a", undefined],
  [patterns, "/api/v12/items", "/items", "/api/v12"],
  [patterns, "/xyz", "/yz", "/x"],
  [patterns, "/items/api/v1", undefined],
  [swap, "/one-two/three-four", "/two/one/four/three", "/one-two/three-four"],
  [swap, "/plain", undefined],
];

for (const [edit, path, result, told] of rows) {
  test(`compilePathEdit: ${edit.edit} of ${path}`, () => {
    assert.deepEqual(compilePathEdit(edit)(path), result === undefined ? undefined : { path: result, told });
  });
}

test("compilePathEdit gives up a path that would cost too much", () => {
  const edit = compilePathEdit({ edit: "replacePattern", pattern: "a", substitution: "b" });
  assert.equal(edit(`/${"a".repeat(60_000)}`), "tooCostly");
});
