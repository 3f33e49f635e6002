import assert from "node:assert/strict";
import { test } from "node:test";
import { buildFixedOrigins } from "./fixed-origins.ts";

test("origins are compared without regard to case, and a wildcard is one label", () => {
  const allows = buildFixedOrigins([
    "https://a.test",
    "https://*.b.test",
    "http://c.test:8080",
    "capacitor://localhost",
  ]);
  const rows: readonly (readonly [origin: string | undefined, allowed: boolean])[] = [
    ["https://a.test", true],
    ["https://A.test", true],
    ["http://a.test", false],
    ["https://x.b.test", true],
    ["https://x.y.b.test", false],
    ["https://b.test", false],
    ["https://.b.test", false],
    ["https://evil.test/.b.test", false],
    ["http://c.test:8080", true],
    ["http://c.test", false],
    ["capacitor://localhost", true],
    ["null", false],
    [undefined, false],
  ];
  for (const [origin, allowed] of rows) assert.equal(allows(origin), allowed, String(origin));
});

test("* allows every origin, and requests without one", () => {
  assert.equal(buildFixedOrigins(["*"])(undefined), true);
  assert.equal(buildFixedOrigins(["*"])("null"), true);
  assert.equal(buildFixedOrigins([])("https://a.test"), false);
});
