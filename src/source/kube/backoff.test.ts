import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "./backoff.ts";

test("Backoff.nextMs: the bound doubles up to the cap, and begins anew after a reset", () => {
  const backoff = new Backoff({ baseMs: 100, capMs: 1000, random: () => 1 });
  const waits = Array.from({ length: 6 }, () => backoff.nextMs());
  assert.deepEqual(waits, [100, 200, 400, 800, 1000, 1000]);
  assert.equal(backoff.failures, 6);
  backoff.reset();
  assert.equal(backoff.nextMs(), 100);
});

test("Backoff.nextMs: is a random part of the bound, and never below what the server asked for", () => {
  assert.equal(new Backoff({ baseMs: 100, random: () => 0.25 }).nextMs(), 25);
  assert.equal(new Backoff({ baseMs: 100, random: () => 0.25 }).nextMs(5000), 5025);
});
