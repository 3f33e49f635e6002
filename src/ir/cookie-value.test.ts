import assert from "node:assert/strict";
import { test } from "node:test";
import { cookieValue } from "./cookie-value.ts";

for (const [header, value] of [
  [undefined, undefined],
  ["", undefined],
  ["v=1", "1"],
  ["a=2; v=1", "1"],
  ["a=2;v=1;b", "1"],
  ["v=1; v=2", "1"],
  ["V=1", undefined],
  ["xv=1; vx=2", undefined],
  ["a=v=1", undefined],
  ["v", undefined],
  ["v=", ""],
  ['v="a b"', "a b"],
  ['v="', '"'],
  [" v = 1 ;", "1"],
  ["v=a=b", "a=b"],
  [";;;", undefined],
] as const) {
  test(`cookie v of ${header}`, () => assert.equal(cookieValue(header, "v"), value));
}
