import assert from "node:assert/strict";
import { test } from "node:test";
import { keepAliveMs } from "./keep-alive-hint.ts";

test("keepAliveMs: the timeout wherever it stands, and nothing else", () => {
  for (const [value, ms] of [
    ["timeout=5", 5_000],
    ["timeout=5, max=100", 5_000],
    ["max=100, Timeout = 15", 15_000],
    ['timeout="7"', 7_000],
    ["timeout=0", 0],
    [undefined, Number.POSITIVE_INFINITY],
    ["", Number.POSITIVE_INFINITY],
    ["max=100", Number.POSITIVE_INFINITY],
    ["notimeout=5", Number.POSITIVE_INFINITY],
    ["timeout=-1", Number.POSITIVE_INFINITY],
    ["timeout=9999999999999", Number.POSITIVE_INFINITY],
  ] as const) {
    assert.equal(keepAliveMs(value), ms, String(value));
  }
});
