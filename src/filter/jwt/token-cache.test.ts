import assert from "node:assert/strict";
import { test } from "node:test";
import type { Keys } from "./key-set.ts";
import { TokenCache } from "./token-cache.ts";

const keys: Keys = { find: (() => Promise.reject(new Error("not asked"))) as never };
const verified = (expiresMs: number) => ({ keys, claims: {}, principal: undefined, headers: [], expiresMs });

test("TokenCache: a token holds until it expires, and with its keys only", () => {
  const cache = new TokenCache();
  cache.set("a", verified(100));
  assert.ok(cache.get("a", keys, 99));
  assert.equal(cache.get("a", { ...keys }, 50), undefined);
  assert.equal(cache.get("a", keys, 50), undefined);
  cache.set("a", verified(100));
  assert.equal(cache.get("a", keys, 100), undefined);
  assert.equal(cache.size, 0);
});

test("TokenCache: number and size of all tokens are bounded", () => {
  const cache = new TokenCache();
  for (let index = 0; index < 10_000; index++) cache.set(`${index}`, verified(Number.POSITIVE_INFINITY));
  assert.equal(cache.size, 4_096);
  assert.ok(cache.get("9999", keys, 0));
  for (let index = 0; index < 1_000; index++) cache.set(`${index}`.padEnd(16_384), verified(Number.POSITIVE_INFINITY));
  assert.equal(cache.size, 256);
});
