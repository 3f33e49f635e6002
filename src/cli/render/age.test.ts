import assert from "node:assert/strict";
import { test } from "node:test";
import { renderAge } from "./age.ts";

const now = Date.parse("2026-06-10T12:00:00Z");

const rows: readonly (readonly [timestamp: string | undefined, age: string])[] = [
  [undefined, ""],
  ["not a time", ""],
  ["2026-06-10T12:00:05Z", "0s"],
  ["2026-06-10T11:59:55Z", "5s"],
  ["2026-06-10T11:57:55Z", "2m5s"],
  ["2026-06-10T11:20:55Z", "39m"],
  ["2026-06-07T08:00:00Z", "3d4h"],
  ["2026-01-01T00:00:00Z", "160d"],
];

for (const [timestamp, age] of rows) {
  test(`renderAge(${timestamp}) is "${age}", as kubectl prints it`, () => {
    assert.equal(renderAge(timestamp, now), age);
  });
}
