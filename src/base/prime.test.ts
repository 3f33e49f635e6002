import assert from "node:assert/strict";
import { test } from "node:test";
import { primeFrom } from "./prime.ts";

test("primeFrom: finds the next prime, or the number itself", () => {
  assert.deepEqual(
    [0, 2, 4, 8, 9, 65_536, 65_537, 1_000_000].map(primeFrom),
    [2, 2, 5, 11, 11, 65_537, 65_537, 1_000_003],
  );
});
