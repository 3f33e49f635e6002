import assert from "node:assert/strict";
import { test } from "node:test";
import { hash32 } from "./text-hash.ts";

test("hash32: is the same in every process, and a continued hash depends on both texts", () => {
  assert.equal(hash32("10.0.0.1:8080"), 3_150_401_971);
  assert.notEqual(hash32("a", hash32("b")), hash32("b", hash32("a")));
});

test("hash32: spreads texts that differ little evenly over a table", () => {
  const buckets = new Array<number>(16).fill(0);
  for (let index = 0; index < 16_000; index++) buckets[hash32(`10.0.${index >> 8}.${index & 255}`) % 16]!++;
  for (const count of buckets) assert.ok(count > 850 && count < 1_150, `${count} of 1000`);
});
