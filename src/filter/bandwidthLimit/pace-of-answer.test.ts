import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../base/clock.ts";
import { paceOfAnswer } from "./pace-of-answer.ts";

test("what is free goes at once with a second's worth, the rest as time goes by", () => {
  let nowMs = 5_000;
  const clock = { ...systemClock, monotonicMs: () => nowMs };
  const pace = paceOfAnswer({ bytesPerSecond: 1_000, afterBytes: 2_000 }, clock);
  assert.deepEqual(pace.take(2_000), { taken: true, waitMs: 0 });
  assert.deepEqual(pace.take(1_000), { taken: true, waitMs: 0 });
  assert.deepEqual(pace.take(500), { taken: false, waitMs: 500 });
  nowMs += 500;
  assert.deepEqual(pace.take(500), { taken: true, waitMs: 0 });
  assert.equal(pace.take(1).taken, false);
});
