import assert from "node:assert/strict";
import { test } from "node:test";
import { samplePath } from "./sample-path.ts";

const samples: readonly (readonly [pattern: string, sample: string | undefined])[] = [
  ["/api(/|$)(.*)", "/api/"],
  ["(?i)/app/(v[0-9]+)/.*", "/app/v0/"],
  ["^/x/(?:a|b)?c{2}", "/x/cc"],
  ["/(?P<name>[a-z]{3})/\\d+\\.png", "/aaa/1.png"],
  ["/[^/]+/edit", "/x/edit"],
  ["/files/[^.]*$", "/files/"],
  ["/a(?!b).*", "/a"],
  ["/(|en)/x", "/en/x"],
  ["/(a)\\1", undefined],
  ["/a{1000}", undefined],
  ["api", undefined],
  ["/a(b", undefined],
];

test("samplePath() gives a path that the expression takes, or nothing", () => {
  for (const [pattern, sample] of samples) {
    assert.equal(samplePath(pattern), sample, pattern);
    const engine = pattern.replace(/^\(\?i\)/, "").replace("?P<", "?<");
    if (sample !== undefined) assert.match(sample, new RegExp(engine), pattern);
  }
});
