import assert from "node:assert/strict";
import { test } from "node:test";
import { shortText, withoutCredentials } from "./finding-text.ts";

test("users and passwords of URLs are not shown", () => {
  assert.equal(
    withoutCredentials('auth-url is "http://ann:s3cret@auth.test/x"'),
    'auth-url is "http://••••@auth.test/x"',
  );
  assert.equal(
    withoutCredentials("http://token@a.test and https://b.test/@c"),
    "http://••••@a.test and https://b.test/@c",
  );
});

test("a text that is too long keeps its beginning and its end", () => {
  const shown = shortText(`size is "${"9".repeat(300_000)}", which is no size.`);
  assert.ok(shown.length < 2_100, `${shown.length}`);
  assert.match(shown, /^size is "9+ … 9+", which is no size\.$/);
  assert.ok(shortText("\u{1f980}".repeat(5_000)).isWellFormed());
  assert.equal(shortText("x".repeat(2_000)), "x".repeat(2_000));
});
