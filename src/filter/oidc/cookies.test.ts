import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isCookieText, joinText, readCookies, setCookie, splitText } from "./cookies.ts";

test("texts of any length come back from the parts that they were split into", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20_000 }), (length) => {
      const text = "x".repeat(length);
      const parts = splitText("t", text);
      assert.ok(parts.every(([name, value]) => name.length + value.length < 3_700));
      assert.equal(joinText(new Map(parts), "t", length), text);
      if (length > 0) assert.equal(joinText(new Map(parts.slice(1)), "t", length), undefined);
      assert.equal(joinText(new Map(parts), "t", length + 1), undefined);
    }),
  );
});

test("of several cookies of a name the first counts, and quotes are no part of a value", () => {
  const cookies = readCookies('a=1; b="2"; a=3;c=x=y; d ; =e');
  assert.deepEqual(
    [...cookies],
    [
      ["a", "1"],
      ["b", "2"],
      ["c", "x=y"],
    ],
  );
  assert.equal(readCookies(undefined).size, 0);
});

test("what would end a cookie is no text for one", () => {
  assert.ok(isCookieText("Abc-._~+/=!#$%&'()*:<>?@[]^`{|}"));
  for (const text of ["a;b", "a,b", "a b", 'a"b', "a\\b", "a\r\nb", "ä"]) assert.ok(!isCookieText(text), text);
});

test("Set-Cookie names every attribute", () => {
  assert.equal(
    setCookie("a", "b", 60, { secure: true, sameSite: "None", domain: "app.test" }),
    "a=b; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=None; Domain=app.test",
  );
  assert.equal(
    setCookie("a", "", 0, { secure: false, sameSite: "Lax", domain: "" }),
    "a=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
  );
});
