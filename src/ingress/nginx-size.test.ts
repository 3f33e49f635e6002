import assert from "node:assert/strict";
import { test } from "node:test";
import { nginxSize } from "./nginx-size.ts";

test("sizes are bytes, or thousands of them by 1024, in either letter case", () => {
  assert.equal(nginxSize("1500"), 1500);
  assert.equal(nginxSize("0"), 0);
  assert.equal(nginxSize("2k"), 2048);
  assert.equal(nginxSize("8M"), 8 * 1024 ** 2);
  assert.equal(nginxSize("1g"), 1024 ** 3);
});

test("anything else is no size", () => {
  for (const text of ["", "8mb", "8Mi", "100b", "8 m", "-1", "1.5m", "999999999999999999g"]) {
    assert.equal(nginxSize(text), undefined, text);
  }
});
