import assert from "node:assert/strict";
import { test } from "node:test";
import { ExpiringMap } from "./expiring-map.ts";

test("ExpiringMap keeps an entry for its time", () => {
  let nowMs = 0;
  const map = new ExpiringMap<number>(10, { nowMs: () => 0, monotonicMs: () => nowMs });
  map.set("a", 1, 100);
  nowMs = 99;
  assert.equal(map.get("a"), 1);
  nowMs = 100;
  assert.equal(map.get("a"), undefined);
  assert.equal(map.size, 0);
});

test("ExpiringMap is bounded: the entry that was not used for longest goes", () => {
  const map = new ExpiringMap<number>(2, { nowMs: () => 0, monotonicMs: () => 0 });
  map.set("a", 1, 100);
  map.set("b", 2, 100);
  map.get("a");
  map.set("c", 3, 100);
  assert.deepEqual(
    ["a", "b", "c"].map((key) => map.get(key)),
    [1, undefined, 3],
  );
});
