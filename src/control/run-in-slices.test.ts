import assert from "node:assert/strict";
import { test } from "node:test";
import { runToEnd, type Steps } from "../base/steps.ts";
import { runInSlices } from "./run-in-slices.ts";

/** Counts to `count`, busy for a millisecond at each step. */
function* countSlowly(count: number): Steps<number> {
  for (let step = 0; step < count; step++) {
    yield;
    for (const start = performance.now(); performance.now() - start < 1; );
  }
  return count;
}

test("runInSlices lets other work have its turn, and gives what running without a stop gives", async () => {
  let turns = 0;
  let counting = true;
  const count = () => {
    turns++;
    if (counting) setImmediate(count);
  };
  count();
  assert.equal(await runInSlices(countSlowly(40)), 40);
  counting = false;
  assert.ok(turns >= 4, `${turns} turns`);
  assert.equal(runToEnd(countSlowly(3)), 3);
});

test("runInSlices rejects with what the work throws", async () => {
  const failing = (function* (): Steps<never> {
    yield;
    throw new Error("a bug");
  })();
  await assert.rejects(runInSlices(failing), /a bug/);
});
