import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs } from "./backoff.ts";
import { failureOf } from "./failed-attempt.ts";

test("backoffMs: doubles, and under a policy is a random part of that, up to the maximum", () => {
  const retry = { attempts: 5, codes: [], backoffMs: 100 };
  const pauses = (one: Parameters<typeof backoffMs>[0], random: number) =>
    [0, 1, 2, 10].map((before) => backoffMs(one, before, () => random));
  assert.deepEqual(pauses(retry, 0.5), [100, 200, 400, 102_400]);
  const triggers = {
    failures: [],
    grpcCodes: [],
    repeats: "any",
    withinMs: 0,
    maxBackoffMs: 300,
  } as const;
  assert.deepEqual(pauses({ ...retry, triggers }, 0.5), [50, 100, 150, 150]);
  assert.deepEqual(pauses({ ...retry, triggers }, 0), [0, 0, 0, 0]);
});

test("failureOf: names a failure by what went wrong and how far the request had come", () => {
  assert.equal(failureOf("connectFailed", "unsent"), "connect");
  assert.equal(failureOf("connectTimeout", "unsent"), "connectTimeout");
  assert.equal(failureOf("upstreamGarbage", "sent"), "invalidAnswer");
  assert.equal(failureOf("upstreamReset", "unsent"), "resetBeforeRequest");
  assert.equal(failureOf("upstreamReset", "refused"), "refusedStream");
  assert.equal(failureOf("upstreamReset", "sent"), "reset");
  assert.equal(failureOf("backendTimeout", "sent"), "timeout");
});
