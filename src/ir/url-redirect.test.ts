import assert from "node:assert/strict";
import { test } from "node:test";
import type { RedirectTarget } from "./middleware-filter.ts";
import { type AskedUrl, compileUrlRedirect, redirectStatus } from "./url-redirect.ts";

const toTls: RedirectTarget = { to: "scheme", scheme: "https", port: undefined };
const toPort: RedirectTarget = { to: "scheme", scheme: "https", port: 8443 };
const www: RedirectTarget = { to: "substitution", pattern: "^http://www\\.(.+)$", substitution: "https://\\1" };
const spaces: RedirectTarget = { to: "substitution", pattern: "/a$", substitution: "/ü b" };

const rows: readonly (readonly [target: RedirectTarget, asked: Partial<AskedUrl>, location: string | undefined])[] = [
  [toTls, {}, "https://www.example.com/a"],
  [toTls, { port: 80 }, "https://www.example.com/a"],
  [toTls, { port: 8080 }, "https://www.example.com/a"],
  [toTls, { scheme: "https" }, undefined],
  [toTls, { scheme: "https", port: 443 }, undefined],
  [toPort, {}, "https://www.example.com:8443/a"],
  [toPort, { scheme: "https", port: 8443 }, undefined],
  [toPort, { scheme: "https" }, "https://www.example.com:8443/a"],
  [toTls, { host: "[::1]", target: "/x?y=z" }, "https://[::1]/x?y=z"],
  [www, {}, "https://example.com/a"],
  [www, { scheme: "https" }, undefined],
  // No text that comes out may end the header.
  [spaces, {}, "http://www.example.com/%C3%BC%20b"],
];

for (const [target, asked, location] of rows) {
  test(`compileUrlRedirect: ${JSON.stringify(target)} of ${JSON.stringify(asked)}`, () => {
    const whole: AskedUrl = { scheme: "http", host: "www.example.com", port: undefined, target: "/a", ...asked };
    assert.equal(compileUrlRedirect(target)(whole), location);
  });
}

test("redirectStatus keeps the method of what is not GET", () => {
  const kinds = ["temporary", "permanent", "alwaysPermanent"] as const;
  assert.deepEqual(
    kinds.map((kind) => [redirectStatus("GET", kind), redirectStatus("POST", kind)]),
    [
      [302, 307],
      [301, 308],
      [308, 308],
    ],
  );
});
