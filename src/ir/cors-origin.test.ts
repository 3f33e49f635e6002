import assert from "node:assert/strict";
import { test } from "node:test";
import { buildOriginMatcher } from "./cors-origin.ts";

const rows: readonly (readonly [allowed: string, origin: string, expected: boolean])[] = [
  ["https://a.test", "https://a.test", true],
  ["https://a.test", "https://a.test:443", true],
  ["https://a.test", "https://a.test:8443", false],
  ["https://a.test:*", "https://a.test:8443", true],
  ["https://a.test:*", "https://a.test", true],
  ["https://a.test:*", "http://a.test", false],
  ["https://a.test:*", "https://a.test:*", false],
  ["https://*.a.test:*", "https://b.a.test:1", true],
  ["https://*.a.test:*", "https://a.test:1", false],
  ["https://*", "https://anything.test", true],
  ["https://*", "https://anything.test:1", false],
];

test("origins: hosts and ports may be wildcards, in what is allowed and not in what is asked", () => {
  for (const [allowed, origin, expected] of rows)
    assert.equal(buildOriginMatcher([allowed])(origin), expected, `${allowed} ${origin}`);
});
