import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { rewriteCookie, rewriteLocation } from "../../src/filter/responseRewrite/proxy.ts";
import type { Filter } from "../../src/ir/filter.ts";
import { startFilters } from "./answer-filters-lab.ts";
import { ask, testPairs } from "./filter-lab.ts";
import { startProxy } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { RawUpstream } from "./raw-upstream.ts";

const filter: Extract<Filter, { kind: "responseRewrite" }> = {
  kind: "responseRewrite",
  manner: "parts",
  location: [
    { from: "http://app.internal", to: "https://example.com/app" },
    { from: "/", to: "/app/" },
  ],
  cookieDomain: [
    { from: "app.internal", to: "example.com" },
    { from: "*", to: "" },
  ],
  cookiePath: [{ from: "/", to: "/app" }],
};

describe("Location", () => {
  for (const [location, rewritten] of [
    ["http://app.internal/a?b", "https://example.com/app/a?b"],
    ["http://app.internal", "https://example.com/app"],
    ["http://app.internal?x", "https://example.com/app?x"],
    ["http://app.internal.evil.test/", "http://app.internal.evil.test/"],
    ["http://app.internal@evil.test/", "http://app.internal@evil.test/"],
    ["http://app.internal:81/", "http://app.internal:81/"],
    ["/a", "/app/a"],
    ["//evil.test/", "/app/evil.test/"],
    ["relative", "relative"],
  ] as const) {
    test(location, () => assert.equal(rewriteLocation(location, filter), rewritten));
  }

  test("what is left never names another host", () => {
    const rows = { ...filter, location: [{ from: "/app", to: "/" }] };
    for (const location of ["/app//evil.test", "/app/\\evil.test", "/app///evil.test"]) {
      assert.equal(rewriteLocation(location, rows), "/evil.test");
    }
  });
});

describe("Set-Cookie", () => {
  for (const [cookie, rewritten] of [
    ["a=1; Domain=.App.Internal; Path=/x; Secure", "a=1; Domain=example.com; Path=/app/x; Secure"],
    ["a=1; path=/; domain=other", "a=1; path=/app"],
    ["domain=x; HttpOnly", "domain=x; HttpOnly"],
    ["a=1; Path=relative", "a=1; Path=relative"],
    ["a=1", "a=1"],
  ] as const) {
    test(cookie, () => assert.equal(rewriteCookie(cookie, filter), rewritten));
  }

  test("paths are compared in whole elements", () => {
    const rows = { ...filter, cookiePath: [{ from: "/shop", to: "/" }] };
    assert.equal(rewriteCookie("a=1; Path=/shop/cart", rows), "a=1; Path=/cart");
    assert.equal(rewriteCookie("a=1; Path=/shop", rows), "a=1; Path=/");
    assert.equal(rewriteCookie("a=1; Path=/shopping", rows), "a=1; Path=/shopping");
  });
});

test("as text, beginnings may end anywhere, and the dot of a domain stays", () => {
  const text = {
    ...filter,
    manner: "text" as const,
    location: [{ from: "http://app", to: "https://shop" }],
    cookiePath: [{ from: "/inner", to: "/outer" }],
  };
  assert.equal(rewriteLocation("http://app.internal/a", text), "https://shop.internal/a");
  assert.equal(
    rewriteCookie("a=1; Path=/inner/x; Domain=.app.internal", text),
    "a=1; Path=/outer/x; Domain=.example.com",
  );
  assert.equal(rewriteCookie("a=1; Path=/innermost", text), "a=1; Path=/outermost");
});

testPairs("places in a backend's answer are rewritten", async (pair) => {
  const headers = { location: "http://app.internal/a", "set-cookie": "a=1; Path=/" };
  await using lab = await startFilters(pair, [filter], () => ({ status: 302, headers }));
  const got = await ask(pair.client, lab.port);
  assert.deepEqual(
    [got.headers["location"], got.headers["set-cookie"]],
    ["https://example.com/app/a", ["a=1; Path=/app"]],
  );
});

test("several cookies stay several, in their order, dates with commas and all", async () => {
  const cookies = ["a=1; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2; Domain=x, y", "c=3"];
  const lines = cookies.map((cookie) => `Set-Cookie: ${cookie}\r\n`).join("");
  await using app = await RawUpstream.start(() => `HTTP/1.1 200 OK\r\n${lines}Content-Length: 0\r\n\r\n`);
  await using gateway = await startProxy([app.port], {}, { filters: [filter] });
  const answer = await exchange(gateway.port, get("/"));
  assert.deepEqual(
    answer.head.split("\r\n").filter((line) => /^set-cookie/i.test(line)),
    ["a=1; Path=/app; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2", "c=3"].map((cookie) => `set-cookie: ${cookie}`),
  );
});
