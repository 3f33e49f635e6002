import assert from "node:assert/strict";
import type { Filter } from "../../src/ir/filter.ts";
import { startFilters } from "./answer-filters-lab.ts";
import { ask, testPairs } from "./filter-lab.ts";

const path = (pattern: string, substitution: string): Filter => ({
  kind: "regexRewrite",
  sees: "normalPath",
  path: { pattern, substitution },
  tellsHost: true,
});

testPairs("a path is rewritten with its groups, and the query stays", async (pair) => {
  await using lab = await startFilters(pair, [path("^/service/([^/]+)(/.*)$", "\\2/instance/\\1")]);
  await ask(pair.client, lab.port, { path: "/service/foo/v1/api?q=1" });
  await ask(pair.client, lab.port, { path: "/other?q=1" });
  assert.deepEqual(
    lab.app.arrived.map((one) => one.path),
    ["/v1/api/instance/foo?q=1", "/other?q=1"],
  );
});

testPairs("what comes out of a path is one that names no host, has no spaces and no fragment", async (pair) => {
  await using lab = await startFilters(pair, [path("^/to/(.*)$", "//\\1 x#y?added=1")]);
  await ask(pair.client, lab.port, { path: "/to/evil.test?q=%3Fa" });
  assert.equal(lab.app.arrived[0]?.path, "/evil.test%20x%23y?added=1&q=%3Fa");
});

testPairs("the path is looked at in the form in which it is matched: escapes hide nothing", async (pair) => {
  await using lab = await startFilters(pair, [path("^/admin", "/public")]);
  for (const asked of ["/%61dmin/x", "/a/../admin/x", "//admin/x"]) await ask(pair.client, lab.port, { path: asked });
  for (const { path: sent } of lab.app.arrived) assert.doesNotMatch(sent, /admin/);
});

testPairs("a path that would cost too much gets 414 and reaches nobody", async (pair) => {
  await using lab = await startFilters(pair, [path("a(.*b)?", "-")]);
  const got = await ask(pair.client, lab.port, { path: `/${"a".repeat(7_000)}` });
  assert.deepEqual([got.status, lab.app.arrived.length], [414, 0]);
});

testPairs("the host comes from a header or from the path; what is no host changes nothing", async (pair) => {
  const header: Filter = {
    kind: "regexRewrite",
    sees: "normalPath",
    host: { from: "header", name: "x-tenant" },
    tellsHost: false,
  };
  await using lab = await startFilters(pair, [header]);
  for (const tenant of ["a.example.com:8080", "no host", "a/b", ""]) {
    await ask(pair.client, lab.port, { headers: { "x-tenant": tenant } });
  }
  const seen = lab.app.arrived.map(({ headers }) => [
    headers.host ?? headers[":authority"],
    headers["x-forwarded-host"],
  ]);
  assert.deepEqual(seen, [
    ["a.example.com:8080", undefined],
    ["app.example.test", undefined],
    ["app.example.test", undefined],
    ["app.example.test", undefined],
  ]);
  const regex: Filter = {
    kind: "regexRewrite",
    sees: "normalPath",
    host: { from: "path", pattern: "^/([a-z]+)/.*$", substitution: "\\1.example.com" },
    tellsHost: true,
  };
  await using byPath = await startFilters(pair, [regex]);
  await ask(pair.client, byPath.port, { path: "/tenant/x" });
  await ask(pair.client, byPath.port, { path: "/1/x" });
  assert.deepEqual(
    byPath.app.arrived.map(({ headers }) => [headers.host ?? headers[":authority"], headers["x-forwarded-host"]]),
    [
      ["tenant.example.com", "app.example.test"],
      ["app.example.test", "app.example.test"],
    ],
  );
});

testPairs("a decoded path is encoded again when it has been rewritten; what is no path gets 400", async (pair) => {
  const decoded = (substitution: string): Filter => ({
    kind: "regexRewrite",
    sees: "decodedPath",
    path: { pattern: "^/api(/|$)(.*)$", substitution },
    tellsHost: true,
  });
  await using lab = await startFilters(pair, [decoded("/\\2")]);
  await ask(pair.client, lab.port, { path: "/api/a%2Fb%3Fc%20d%25?q=1" });
  await ask(pair.client, lab.port, { path: "/other%2Fx" });
  assert.deepEqual(
    lab.app.arrived.map((one) => one.path),
    ["/a/b%3Fc%20d%25?q=1", "/other/x"],
  );
  await using bare = await startFilters(pair, [decoded("\\2")]);
  assert.equal((await ask(pair.client, bare.port, { path: "/api/v1" })).status, 400);
  assert.equal(bare.app.arrived.length, 0);
});
