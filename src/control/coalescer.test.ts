import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Coalescer } from "./coalescer.ts";

/** A coalescer with hands that the test holds. */
function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout", "setImmediate"] });
  let nowMs = 0;
  let fired = 0;
  const coalescer = new Coalescer({
    fire: () => fired++,
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
  });
  const tick = (ms: number) => {
    nowMs += ms;
    t.mock.timers.tick(ms);
  };
  return { coalescer, tick, fired: () => fired };
}

test("Coalescer: the first change fires in the next turn of the event loop, with what came together", (t) => {
  const { coalescer, tick, fired } = setUp(t);
  coalescer.touch();
  coalescer.touch();
  assert.equal(fired(), 0);
  tick(0);
  assert.equal(fired(), 1);
  tick(1000);
  assert.equal(fired(), 1);
});

test("Coalescer: changes after some work wait a quarter of what it took, together", (t) => {
  const { coalescer, tick, fired } = setUp(t);
  coalescer.rest(160, "nothing");
  coalescer.touch();
  tick(39);
  coalescer.touch();
  assert.equal(fired(), 0);
  tick(1);
  assert.equal(fired(), 1);
  tick(1000);
  coalescer.touch();
  tick(0);
  assert.equal(fired(), 2, "and none when it was quiet before");
});

test("Coalescer: short work is followed by a short rest, and very long work by half a second", (t) => {
  const { coalescer, tick, fired } = setUp(t);
  coalescer.rest(0, "nothing");
  coalescer.touch();
  tick(1);
  assert.equal(fired(), 0);
  tick(1);
  assert.equal(fired(), 1);
  coalescer.rest(60_000, "nothing");
  coalescer.touch();
  tick(499);
  assert.equal(fired(), 1);
  tick(1);
  assert.equal(fired(), 2);
});

test("Coalescer: what was fired during the work is fired again after the rest", (t) => {
  const { coalescer, tick, fired } = setUp(t);
  coalescer.rest(160, "due");
  tick(39);
  assert.equal(fired(), 0);
  tick(1);
  assert.equal(fired(), 1);
  coalescer.rest(40, "due");
  coalescer.cancel();
  tick(1000);
  assert.equal(fired(), 1);
});
