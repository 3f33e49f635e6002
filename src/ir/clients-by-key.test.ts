import assert from "node:assert/strict";
import { test } from "node:test";
import { clientsByKey } from "./clients-by-key.ts";

test("clientsByKey: the first of an id counts, a key of two lets nobody in, an empty one neither", () => {
  const { byKey, sharing, repeated } = clientsByKey([
    ["a", "1"],
    ["a", "2"],
    ["b", "3"],
    ["c", "3"],
    ["d", ""],
  ]);
  assert.deepEqual([...byKey], [["1", "a"]]);
  assert.deepEqual(sharing, [["b", "c"]]);
  assert.deepEqual(repeated, ["a"]);
});
