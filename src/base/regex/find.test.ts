import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFind } from "./find.ts";

test("the first match from the left gives its groups", () => {
  const found = compileFind("(?i)/A(x)?/([a-z]+)");
  assert.ok(found.kind === "find");
  assert.equal(found.groups, 2);
  assert.deepEqual(found.find("/b/a/c/a/d"), ["/a/c", "", "c"]);
  assert.equal(found.find("/b"), undefined);
});

test("a long text against a large pattern is too costly; a pattern that is none is an error", () => {
  const found = compileFind("(?:abcdefghij){50}");
  assert.ok(found.kind === "find");
  assert.equal(found.find("a".repeat(10_000)), "tooCostly");
  assert.equal(compileFind("(").kind, "error");
});
