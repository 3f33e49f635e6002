import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Latest } from "./latest.ts";

function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const seen: number[] = [];
  const latest = new Latest<number>({ delayMs: 100, act: (value) => seen.push(value) });
  return { latest, seen, tick: (ms: number) => t.mock.timers.tick(ms) };
}

test("Latest acts once on the newest of several values, counted from the first", (t) => {
  const { latest, seen, tick } = setUp(t);
  latest.give(1);
  tick(60);
  latest.give(2);
  tick(39);
  assert.deepEqual(seen, []);
  tick(1);
  assert.deepEqual(seen, [2]);
  tick(1000);
  assert.deepEqual(seen, [2]);
  latest.give(3);
  tick(100);
  assert.deepEqual(seen, [2, 3]);
});

test("Latest acts at once when told to, and then not again", (t) => {
  const { latest, seen, tick } = setUp(t);
  latest.flush();
  latest.give(1);
  latest.flush();
  tick(1000);
  assert.deepEqual(seen, [1]);
});

test("Latest does not act after it was disposed", (t) => {
  const { latest, seen, tick } = setUp(t);
  latest.give(1);
  latest[Symbol.dispose]();
  tick(1000);
  assert.deepEqual(seen, []);
});
