import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LocalSharedState } from "../../src/proxy/shared-state.ts";

/** Eighths of a second, so that the numbers of both sides are exact. */
const stepMs = 125;

type Step = { readonly key: string; readonly waitSteps: number; readonly tokens: number; readonly charge: boolean };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    key: fc.constantFrom("a", "b"),
    waitSteps: fc.nat(40),
    tokens: fc.nat(6),
    charge: fc.boolean(),
  }),
  { maxLength: 60 },
);

test("token buckets are what a bucket in whole numbers is: what they give, what is left, how long to wait", () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 4 }), (all, capacity, perSecond) => {
      let nowSteps = 0;
      const clock = { nowMs: () => 0, monotonicMs: () => nowSteps * stepMs };
      const buckets = new LocalSharedState(clock).tokenBuckets("b", {
        capacity,
        refillPerSecond: perSecond,
        maxKeys: 10,
      });
      /** Eighths of tokens, and when they were counted. */
      const model = new Map<string, { eighths: number; at: number }>();
      for (const { key, waitSteps, tokens, charge } of all) {
        nowSteps += waitSteps;
        const bucket = model.get(key) ?? { eighths: capacity * 8, at: nowSteps };
        model.set(key, bucket);
        bucket.eighths = Math.min(capacity * 8, bucket.eighths + (nowSteps - bucket.at) * perSecond);
        bucket.at = nowSteps;
        if (charge) {
          bucket.eighths = Math.max(-capacity * 8, bucket.eighths - tokens * 8);
          buckets.charge(key, tokens);
          continue;
        }
        const taken = bucket.eighths >= tokens * 8;
        const missing = tokens * 8 - bucket.eighths;
        if (taken) bucket.eighths -= tokens * 8;
        const waitMs = perSecond === 0 || tokens > capacity ? Number.POSITIVE_INFINITY : (missing * stepMs) / perSecond;
        assert.deepEqual(buckets.take(key, tokens), {
          taken,
          left: Math.floor(bucket.eighths / 8),
          waitMs: taken ? 0 : waitMs,
        });
      }
    }),
    { numRuns: 2_000 },
  );
});

test("100,000 clients that come once take no more room than the table has, and make nobody's limit anew who is still there", () => {
  const clock = { nowMs: () => 0, monotonicMs: () => 0 };
  const buckets = new LocalSharedState(clock).tokenBuckets("b", {
    capacity: 3,
    refillPerSecond: 0.001,
    maxKeys: 65_536,
  });
  for (let count = 0; count < 3; count++) assert.equal(buckets.take("known", 1).taken, true);
  for (let one = 0; one < 100_000; one++) {
    assert.equal(buckets.take(`stranger ${one}`, 1).taken, true);
    // A client that goes on asking is not forgotten.
    if (one % 10_000 === 0) assert.equal(buckets.take("known", 1).taken, false);
  }
  // The first of them has been forgotten: the table has not grown with them.
  assert.deepEqual(buckets.take("stranger 0", 3), { taken: true, left: 0, waitMs: 0 });
  assert.equal(buckets.take("stranger 99999", 3).taken, false);
});
