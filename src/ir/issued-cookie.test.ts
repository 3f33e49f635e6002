import assert from "node:assert/strict";
import { test } from "node:test";
import { plainCookie, writeCookie } from "./issued-cookie.ts";

const at = { scheme: "http", nowMs: Date.parse("2026-06-01T00:00:00Z") } as const;

test("writeCookie: all attributes, or none but HttpOnly", () => {
  assert.equal(writeCookie("a=1", plainCookie, at), "a=1; HttpOnly");
  assert.equal(
    writeCookie(
      "a=1",
      {
        expiresSeconds: 60,
        maxAgeSeconds: -1,
        domain: "shop.test",
        path: "/app",
        secure: "always",
        sameSite: "Strict",
        others: "; Partitioned",
      },
      at,
    ),
    "a=1; Expires=Mon, 01 Jun 2026 00:01:00 GMT; Max-Age=-1; Domain=shop.test; Path=/app; Secure; HttpOnly; SameSite=Strict; Partitioned",
  );
});

test("writeCookie: Secure where the connection is, and nothing that would begin another attribute", () => {
  const secure = { ...plainCookie, secure: "onHttps", path: "/a b; Domain=x" } as const;
  assert.equal(writeCookie("a=1", secure, at), "a=1; Path=/abDomain=x; HttpOnly");
  assert.equal(writeCookie("a=1", { ...secure, path: "" }, { ...at, scheme: "https" }), "a=1; Secure; HttpOnly");
});
