import assert from "node:assert/strict";
import { test } from "node:test";
import { deepFreeze } from "./deep-freeze.ts";

test("deepFreeze() makes a write anywhere inside throw", () => {
  const value = deepFreeze({ list: [{ name: "a" }], none: null });
  assert.throws(() => {
    (value.list[0] as { name: string }).name = "b";
  }, TypeError);
  assert.throws(() => value.list.push({ name: "c" }), TypeError);
});
