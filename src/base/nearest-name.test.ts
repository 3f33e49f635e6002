import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { editDistance, nearestName } from "./nearest-name.ts";

const fields = ["hostnames", "parentRefs", "rules", "useDefaultGateways"];

test("nearestName finds the field behind a slip of the keyboard", () => {
  const rows: [string, string | undefined][] = [
    ["hostname", "hostnames"],
    ["parentRef", "parentRefs"],
    ["parentref", "parentRefs"],
    ["ruels", "rules"],
    ["useDefaultGateway", "useDefaultGateways"],
    ["backends", undefined],
    ["x", undefined],
    ["", undefined],
  ];
  for (const [name, expected] of rows) assert.equal(nearestName(name, fields), expected, name);
});

test("nearestName never gives back the name itself, nor searches for names above 64 characters", () => {
  assert.equal(nearestName("rules", ["rules"]), undefined);
  assert.equal(nearestName(`${"a".repeat(64)}b`, ["a".repeat(64)]), undefined);
});

test("editDistance counts insertions, removals, replacements and swaps", () => {
  assert.equal(editDistance("host", "hosts"), 1);
  assert.equal(editDistance("hosts", "host"), 1);
  assert.equal(editDistance("host", "most"), 1);
  assert.equal(editDistance("host", "hsot"), 1);
  assert.equal(editDistance("", "abc"), 3);
});

test("editDistance is symmetric, zero for equal texts alone, and stops at its limit", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (one, other) => {
      const distance = editDistance(one, other);
      assert.equal(editDistance(other, one), distance);
      assert.equal(distance === 0, one === other);
      assert.equal(editDistance(one, other, 2), Math.min(distance, 2));
    }),
  );
});
