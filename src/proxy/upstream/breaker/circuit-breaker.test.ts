import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { CircuitBreaker as CircuitBreakerModel } from "../../../ir/traffic/circuit-breaker.ts";
import { type BreakerLimit, breakerLimits, CircuitBreaker } from "./circuit-breaker.ts";
import { type Waiter, WaitingLine } from "./waiting-line.ts";

const model: CircuitBreakerModel = {
  maxConnections: 2,
  maxConnectionsPerEndpoint: 0,
  maxPendingRequests: 1,
  maxParallelRequests: 4,
  retries: { kind: "share", percent: 50, minConcurrency: 1 },
};

function make(changes: Partial<CircuitBreakerModel> = {}) {
  const log: string[] = [];
  const breaker = new CircuitBreaker({ ...model, ...changes }, (limit: BreakerLimit) => ({
    onRefused: () => log.push(`${limit} refused`),
    onReached: (reached) => log.push(`${limit} ${reached ? "reached" : "free"}`),
  }));
  return { breaker, log };
}

test("CircuitBreaker: takes as many as allowed, and says when a limit is reached and free again", () => {
  const { breaker, log } = make();
  const { connections } = breaker.limits;
  assert.deepEqual([connections.take(), connections.take(), connections.take()], [true, true, false]);
  assert.deepEqual(breaker.open, ["connections"]);
  connections.give();
  assert.deepEqual(breaker.open, []);
  assert.deepEqual(log, ["connections reached", "connections refused", "connections free"]);
});

test("CircuitBreaker: a limit of 0 refuses everything", () => {
  const { breaker } = make({ maxPendingRequests: 0 });
  assert.equal(breaker.limits.pendingRequests.take(), false);
  assert.deepEqual(breaker.open, ["pendingRequests"]);
});

test("CircuitBreaker: a retry budget is a share of what is in flight and waiting, with a minimum", () => {
  const { breaker } = make();
  const { parallelRetries, parallelRequests } = breaker.limits;
  assert.deepEqual([parallelRetries.take(), parallelRetries.take()], [true, false]);
  for (let count = 0; count < 4; count++) parallelRequests.take();
  assert.deepEqual([parallelRetries.take(), parallelRetries.take()], [true, false]);
  const counted = make({ retries: { kind: "count", max: 3 } }).breaker.limits.parallelRetries;
  assert.deepEqual(
    [1, 2, 3, 4].map(() => counted.take()),
    [true, true, true, false],
  );
});

test("CircuitBreaker: never has more in use than the limit, whatever comes and goes", () => {
  const step = fc.record({ limit: fc.constantFrom(...breakerLimits.slice(0, 3)), take: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { breaker } = make();
      const held: Record<string, number> = {};
      for (const { limit, take } of steps) {
        const count = held[limit] ?? 0;
        if (take) {
          const room = count < breaker.limits[limit].max;
          assert.equal(breaker.limits[limit].take(), room);
          held[limit] = count + (room ? 1 : 0);
        } else if (count > 0) {
          breaker.limits[limit].give();
          held[limit] = count - 1;
        }
        assert.equal(breaker.limits[limit].used, held[limit] ?? 0);
      }
    }),
  );
});

test("WaitingLine: places go in turn to those who still wait, and to nobody past one that finds none", () => {
  const line = new WaitingLine<string>();
  const tried: string[] = [];
  let places = 1;
  const waiter = (name: string): Waiter<string> => {
    const made = {
      onPlace: (place: string) => {
        tried.push(`${name} ${place}`);
        return places-- > 0;
      },
    };
    line.add(made);
    return made;
  };
  const gone = waiter("gone");
  waiter("first");
  waiter("second");
  waiter("third");
  assert.equal(line.delete(gone), true);
  assert.equal(line.delete(gone), false);
  line.offer("a");
  assert.equal(line.length, 2);
  places = 2;
  line.offer("b");
  assert.equal(line.length, 0);
  assert.deepEqual(tried, ["first a", "second a", "second b", "third b"]);
});
