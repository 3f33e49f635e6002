import assert from "node:assert/strict";
import { test } from "node:test";
import { findingText } from "./finding-text.ts";

test("users and passwords of URLs are not shown", () => {
  assert.equal(findingText('auth-url is "http://ann:s3cret@auth.test/x"'), 'auth-url is "http://••••@auth.test/x"');
  assert.equal(findingText("http://token@a.test and https://b.test/@c"), "http://••••@a.test and https://b.test/@c");
});

test("a text that is too long keeps its beginning and its end", () => {
  const shown = findingText(`size is "${"9".repeat(300_000)}", which is no size.`);
  assert.ok(shown.length < 2_100, `${shown.length}`);
  assert.match(shown, /^size is "9+ … 9+", which is no size\.$/);
  assert.ok(findingText("\u{1f980}".repeat(5_000)).isWellFormed());
  assert.equal(findingText("x".repeat(2_000)), "x".repeat(2_000));
});
