import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { durationMs } from "./duration.ts";

test("durationMs adds up the parts of a duration", () => {
  const rows: [string, number][] = [
    ["0s", 0],
    ["10s", 10_000],
    ["500ms", 500],
    ["1m30s", 90_000],
    ["1h1m1s1ms", 3_661_001],
    ["99999h", 99_999 * 3_600_000],
    ["1s1s", 2_000],
  ];
  for (const [text, ms] of rows) assert.equal(durationMs(text), ms, text);
});

test("durationMs refuses what GEP-2257 does not allow", () => {
  for (const text of ["", "10", "s", "1.5s", "-1s", "1d", "100000s", "1h1m1s1ms1s", " 1s", "1S", "1 s", "∞"]) {
    assert.equal(durationMs(text), undefined, text);
  }
});

test("durationMs takes any text", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const ms = durationMs(text);
      assert.ok(ms === undefined || (Number.isInteger(ms) && ms >= 0));
    }),
  );
});
