import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { listChanges } from "./list-changes.ts";

const elements = Array.from({ length: 40 }, (_, index) => ({ index }));
const list = fc.uniqueArray(fc.constantFrom(...elements), { maxLength: 40 });

test("listChanges: what went and what came make the one of the other, whatever their order", () => {
  fc.assert(
    fc.property(list, list, (before, after) => {
      const { came, gone } = listChanges(before, after);
      const made = new Set(before);
      for (const element of gone) assert.ok(made.delete(element));
      for (const element of came) made.add(element);
      assert.deepEqual(made, new Set(after));
    }),
  );
});

test("listChanges: of lists in one order, nothing that stayed", () => {
  const ordered = fc.tuple(fc.subarray(elements), fc.subarray(elements));
  fc.assert(
    fc.property(ordered, ([before, after]) => {
      const { came, gone } = listChanges(before, after);
      assert.deepEqual(new Set(came), new Set(after).difference(new Set(before)));
      assert.deepEqual(new Set(gone), new Set(before).difference(new Set(after)));
    }),
  );
});
