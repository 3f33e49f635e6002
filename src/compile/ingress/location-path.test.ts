import assert from "node:assert/strict";
import { test } from "node:test";
import { pathMatchHolds } from "../../ir/select.ts";
import { locationPath } from "./location-path.ts";

const cases: readonly (readonly [pattern: string, path: string, fits: boolean])[] = [
  ["/app", "/app", true],
  ["/app", "/APPx", true],
  ["/app", "/x/app", false],
  ["/api(/|$)(.*)", "/api", true],
  ["/api(/|$)(.*)", "/apix", false],
  ["/v[0-9]+$", "/v1", true],
  ["/v[0-9]+$", "/v1/x", false],
  ["/a|/b", "/x/b", true],
  ["/(?<name>[a-z]+)", "/A", true],
  ["/(?-i)app", "/APP", false],
  ["/x/[ab|]", "/y/b", false],
  ["/", "/anything\nat all", true],
];

for (const [pattern, path, fits] of cases) {
  test(`the expression ${pattern} ${fits ? "fits" : "does not fit"} ${JSON.stringify(path)}`, () => {
    const made = locationPath({ kind: "regex", pattern });
    assert.ok(made.kind === "path");
    assert.equal(pathMatchHolds(made.path, path), fits);
  });
}

test("what RE2 cannot say is told", () => {
  for (const pattern of ["/(?!admin).*", "/(a)\\1", "/["])
    assert.equal(locationPath({ kind: "regex", pattern }).kind, "inexpressible");
});
