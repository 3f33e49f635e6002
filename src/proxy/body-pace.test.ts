import assert from "node:assert/strict";
import { test } from "node:test";
import { BodyPace, type BodyPaceLimits } from "./body-pace.ts";

/** A pace with a clock of its own; `left` is what the client has. */
function start(limits: Partial<BodyPaceLimits> = {}) {
  const clock = { nowMs: 1_000 };
  const pace = new BodyPace({ after: (durationMs) => clock.nowMs + durationMs });
  pace.begin({ stallMs: 60_000, bytesPerSecond: 100, totalMs: Number.POSITIVE_INFINITY, ...limits });
  return {
    pace,
    pass: (ms: number) => {
      clock.nowMs += ms;
    },
    left: () => pace.deadlineMs - clock.nowMs,
  };
}

test("a body at the rate never runs out of time, one below it does, however often a byte comes", () => {
  const steady = start();
  for (let second = 0; second < 1_000; second++) {
    steady.pass(1_000);
    steady.pace.received(100);
    assert.equal(steady.left(), 60_000);
  }
  const slow = start();
  let seconds = 0;
  for (; slow.left() > 0; seconds++) {
    slow.pass(1_000);
    slow.pace.received(50);
  }
  assert.equal(seconds, 120);
});

test("a fast beginning buys no more than the longest silence", () => {
  const { pace, left } = start();
  pace.received(1_000_000);
  assert.equal(left(), 60_000);
});

test("without a rate each byte buys all of the longest silence", () => {
  const { pace, pass, left } = start({ bytesPerSecond: 0 });
  pass(59_999);
  pace.received(1);
  assert.equal(left(), 60_000);
});

test("while the client is not waited for time stands still, and what is on its way counts", () => {
  const { pace, pass, left } = start();
  pass(50_000);
  pace.pause();
  pace.pause();
  assert.equal(left(), Number.POSITIVE_INFINITY);
  pass(500_000);
  pace.received(200);
  assert.equal(left(), Number.POSITIVE_INFINITY);
  pace.resume();
  pace.resume();
  assert.equal(left(), 12_000);
});

test("a body as a whole has no more than its time, whatever its rate", () => {
  const { pace, pass, left } = start({ totalMs: 100_000 });
  pass(90_000);
  pace.received(1_000_000);
  assert.equal(left(), 10_000);
});
