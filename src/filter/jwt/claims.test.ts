import assert from "node:assert/strict";
import { test } from "node:test";
import { claimAt, claimHeaderValue } from "./claims.ts";

test("claimAt() follows dots into objects, takes names that have some, and nothing that the token does not say", () => {
  const claims = { org: { id: 7 }, "https://example.com/roles": ["a"], "a.b": "flat", a: { b: "deep" } };
  assert.equal(claimAt(claims, "org.id"), 7);
  assert.deepEqual(claimAt(claims, "https://example.com/roles"), ["a"]);
  assert.equal(claimAt(claims, "a.b"), "deep");
  for (const name of ["constructor", "org.constructor", "__proto__", "org.id.x", ""]) {
    assert.equal(claimAt(claims, name), undefined, name);
  }
});

test("claimHeaderValue() writes what a header can hold", () => {
  assert.equal(claimHeaderValue("Zoë"), "ZoÃ«");
  assert.equal(claimHeaderValue(7), "7");
  assert.equal(claimHeaderValue(true), "true");
  assert.equal(claimHeaderValue(["a"]), "WyJhIl0");
  for (const value of ["a\r\nb", "a\nb", "a\0", null, undefined]) assert.equal(claimHeaderValue(value), undefined);
});
