import assert from "node:assert/strict";
import { test } from "node:test";
import { cookieValues, withoutCookies } from "./cookie.ts";

test("cookieValues finds the cookies of exactly that name", () => {
  const header = "xkey=0; key=a=b; key=2; Key=3; =4; bare";
  assert.deepEqual(cookieValues(header, "key"), ["a=b", "2"]);
  assert.deepEqual(cookieValues(header, "Key"), ["3"]);
  assert.deepEqual(cookieValues("", "key"), []);
});

test("withoutCookies leaves what is not named as it was, also where a name comes twice", () => {
  assert.equal(withoutCookies("a=1; key=2;b=3; key=4; key", new Set(["key"])), "a=1; b=3");
  assert.equal(withoutCookies("key=2", new Set(["key"])), "");
});
