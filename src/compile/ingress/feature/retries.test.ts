import assert from "node:assert/strict";
import { test } from "node:test";
import type { Retries } from "../../../ingress/feature/retries.ts";
import type { ServeScope } from "../serve-feature.ts";
import { serveRetries } from "./retries.ts";

/** It asks nothing of its scope. */
const scope = {} as ServeScope;
const usual: Retries = { on: ["error", "timeout"], nonIdempotent: false, tries: 3, timeoutSeconds: 0 };
const retryOf = (change: Partial<Retries>) => serveRetries({ ...usual, ...change }, scope).rule.retry;

test("serveRetries: two more attempts after what failed without an answer, for what may be repeated", () => {
  assert.deepEqual(retryOf({}), {
    attempts: 2,
    codes: [],
    backoffMs: 0,
    triggers: {
      failures: ["connect", "resetBeforeRequest", "reset", "refusedStream", "connectTimeout", "timeout"],
      grpcCodes: [],
      repeats: "idempotent",
      withinMs: 0,
      maxBackoffMs: 0,
    },
  });
});

test("serveRetries: nothing is tried again when nothing is to be, or there is but one try", () => {
  assert.equal(retryOf({ on: [] }), undefined);
  assert.equal(retryOf({ tries: 1 }), undefined);
});

test("serveRetries: statuses, all methods, a time, and no limit on tries", () => {
  const retry = retryOf({
    on: ["invalid_header", "http_429", "http_503"],
    nonIdempotent: true,
    tries: 0,
    timeoutSeconds: 2,
  });
  assert.equal(retry?.attempts, 31);
  assert.deepEqual(retry?.codes, [429, 503]);
  assert.deepEqual(retry?.triggers?.failures, ["invalidAnswer"]);
  assert.equal(retry?.triggers?.repeats, "any");
  assert.equal(retry?.triggers?.withinMs, 2_000);
});
