import assert from "node:assert/strict";
import { test } from "node:test";
import { hashJson, hashText } from "./hash.ts";

test("hashText() is 16 hexadecimal digits and never changes", () => {
  assert.equal(hashText(""), "e3b0c44298fc1c14");
});

test("hashJson() is equal for equal data and differs otherwise", () => {
  assert.equal(hashJson({ a: 1, b: [2] }), hashJson({ b: [2], a: 1 }));
  assert.notEqual(hashJson({ a: 1 }), hashJson({ a: "1" }));
});
