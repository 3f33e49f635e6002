import assert from "node:assert/strict";
import { test } from "node:test";
import { LocalSharedState } from "./shared-state.ts";

/** A clock whose hands the test holds. */
class Hands {
  ms = 0;
  nowMs(): number {
    return this.ms;
  }
  monotonicMs(): number {
    return this.ms;
  }
}

test("LocalSharedState: a bucket gives what it has, refills with time, and says how long to wait", () => {
  const clock = new Hands();
  const buckets = new LocalSharedState(clock).tokenBuckets("b", { capacity: 2, refillPerSecond: 1, maxKeys: 10 });
  assert.deepEqual(buckets.take("a", 1), { taken: true, left: 1, waitMs: 0 });
  assert.deepEqual(buckets.take("a", 1), { taken: true, left: 0, waitMs: 0 });
  assert.deepEqual(buckets.take("a", 1), { taken: false, left: 0, waitMs: 1_000 });
  assert.equal(buckets.take("b", 2).taken, true);
  clock.ms = 600;
  assert.deepEqual(buckets.take("a", 1), { taken: false, left: 0, waitMs: 400 });
  clock.ms = 60_000;
  assert.deepEqual(buckets.take("a", 1), { taken: true, left: 1, waitMs: 0 });
  assert.equal(buckets.take("a", 3).waitMs, Number.POSITIVE_INFINITY);
});

test("LocalSharedState: a name is one table, whose tokens outlive new settings; other names and kinds are others", () => {
  const shared = new LocalSharedState(new Hands());
  const settings = { capacity: 2, refillPerSecond: 0, maxKeys: 10 };
  const before = shared.tokenBuckets("limit", settings);
  before.take("a", 2);
  const after = shared.tokenBuckets("limit", { ...settings, capacity: 5 });
  assert.equal(after, before);
  assert.equal(after.take("a", 1).taken, false);
  assert.equal(after.take("new", 5).taken, true);
  assert.equal(shared.tokenBuckets("other", settings).take("a", 1).taken, true);
  assert.equal(shared.counters("limit", { maxKeys: 1 }).get("a"), 0);
});

test("LocalSharedState: a table keeps so many keys, those that were used last", () => {
  const counters = new LocalSharedState(new Hands()).counters("c", { maxKeys: 2 });
  counters.add("a", 1);
  counters.add("b", 1);
  assert.equal(counters.add("a", 1), 2);
  counters.add("c", 1);
  assert.deepEqual(
    ["a", "b", "c"].map((key) => counters.get(key)),
    [2, 0, 1],
  );
  counters.reset("a");
  assert.equal(counters.get("a"), 0);
});

test("LocalSharedState: permits come back, and keys with permits out are never displaced", () => {
  const semaphores = new LocalSharedState(new Hands()).semaphores("s", { permits: 2, maxKeys: 1 });
  assert.deepEqual(
    [1, 2, 3].map(() => semaphores.acquire("a")),
    [true, true, false],
  );
  assert.equal(semaphores.acquire("b"), false);
  semaphores.release("a");
  assert.equal(semaphores.acquire("a"), true);
  semaphores.release("a");
  semaphores.release("a");
  assert.equal(semaphores.acquire("b"), true);
});
