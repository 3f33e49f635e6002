import assert from "node:assert/strict";
import { test } from "node:test";
import { TokenBucket } from "./token-bucket.ts";

test("TokenBucket: lets a burst through, then one at a time at the rate", () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 3, nowMs: 1000 });
  assert.deepEqual(
    [1, 2, 3, 4].map(() => bucket.take(1000)),
    [true, true, true, false],
  );
  assert.equal(bucket.waitMs(1000), 100);
  assert.equal(bucket.take(1099), false);
  assert.equal(bucket.take(1100), true);
  assert.equal(bucket.take(1100), false);
});

test("TokenBucket: saves no more than a burst, and time that goes back gives nothing", () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 2, nowMs: 0 });
  assert.deepEqual(
    [1, 2, 3].map(() => bucket.take(1_000_000)),
    [true, true, false],
  );
  assert.equal(bucket.take(0), false);
  assert.equal(bucket.waitMs(1_000_000), 100);
});

test("TokenBucket: never gives more than burst and rate allow, and waiting as long as it says is enough", () => {
  const bucket = new TokenBucket({ perSecond: 3, burst: 2, nowMs: 0 });
  let taken = 0;
  let nowMs = 0;
  while (nowMs < 100_000) {
    if (bucket.take(nowMs)) taken += 1;
    else nowMs += bucket.waitMs(nowMs);
  }
  assert.ok(taken <= 2 + 300 && taken >= 298, `${taken}`);
});
