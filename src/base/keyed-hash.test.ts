import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyedHash } from "./keyed-hash.ts";

test("KeyedHash tells texts apart, also where they differ only in how they are divided", () => {
  const hash = new KeyedHash();
  assert.equal(hash.of("ab", "c"), hash.of("ab", Buffer.from("c")));
  const others = [hash.of("a", "bc"), hash.of("abc"), hash.of("c", "ab"), hash.of("2:ab", "c"), hash.of("ab", "c", "")];
  assert.equal(new Set([hash.of("ab", "c"), ...others]).size, 6);
});

test("KeyedHash of another object names the same text differently", () => {
  assert.notEqual(new KeyedHash().of("a"), new KeyedHash().of("a"));
});
