/** Middlewares of Traefik's from manifest to wire. */
import assert from "node:assert/strict";
import type { Filter } from "../../src/ir/filter.ts";
import { compileMiddlewareCase } from "../filter/middleware-case.ts";
import { type Asked, ask, LabBackend, type Pair, testPairs } from "./filter-lab.ts";
import { startRules } from "./plane-fixture.ts";

/** Sends requests one after the other through a rule with this Middleware. */
async function through({ client, backend: protocol }: Pair, spec: string, ...requests: readonly Asked[]) {
  const { filters, findings } = compileMiddlewareCase(spec);
  assert.deepEqual(findings, []);
  await using backend = await LabBackend.start(protocol, () => ({
    headers: { "x-secret": "1", "content-type": "text/plain" },
    pieces: ["x".repeat(2_000)],
  }));
  await using plane = await startRules([
    {
      name: "app",
      filters: filters as Filter[],
      backends: [{ name: "app", ports: [backend.port], cluster: { protocol } }],
    },
  ]);
  const answers = [];
  for (const request of requests) answers.push(await ask(client, plane.port, request));
  return { answers, arrived: backend.arrived };
}

testPairs("stripPrefix tells the backend what it has removed, and a client cannot", async (pair) => {
  const { arrived } = await through(
    pair,
    "{ stripPrefix: { prefixes: [/api] } }",
    { path: "/api/a?q=/api", headers: { "x-forwarded-prefix": "/forged" } },
    { path: "/%61pi/b" },
  );
  assert.deepEqual(
    arrived.map(({ path, headers }) => [path, headers["x-forwarded-prefix"]]),
    [
      ["/a?q=/api", "/api"],
      ["/b", "/api"],
    ],
  );
});

testPairs("headers changes requests and answers, with Strict-Transport-Security where it is forced", async (pair) => {
  const { answers, arrived } = await through(
    pair,
    "{ headers: { customRequestHeaders: { X-Team: shop, X-Debug: '' }, customResponseHeaders: { X-Secret: '' }, contentTypeNosniff: true, stsSeconds: 9, forceSTSHeader: true } }",
    { headers: { "x-debug": "1" } },
  );
  const { headers = {} } = answers[0] ?? {};
  assert.deepEqual(
    [headers["x-secret"], headers["x-content-type-options"], headers["strict-transport-security"]],
    [undefined, "nosniff", "max-age=9"],
  );
  assert.deepEqual([arrived[0]?.headers["x-team"], arrived[0]?.headers["x-debug"]], ["shop", undefined]);
});

testPairs("redirectRegex answers with where to go and lets other URLs pass", async (pair) => {
  const { answers, arrived } = await through(
    pair,
    "{ redirectRegex: { regex: '^(.*)/old/(.*)', replacement: '$1/new/$2' } }",
    { path: "/old/x?y=1" },
    { path: "/old/x", method: "DELETE" },
    { path: "/new/x" },
  );
  assert.deepEqual(
    answers.map(({ status, headers }) => [status, headers["location"]]),
    [
      [302, "http://app.example.test/new/x?y=1"],
      [307, "http://app.example.test/new/x"],
      [200, undefined],
    ],
  );
  assert.equal(arrived.length, 1);
});

testPairs("ipAllowList lets in the connection's address, and not one that a client names", async (pair) => {
  const { answers } = await through(pair, "{ ipAllowList: { sourceRange: [10.0.0.0/8], rejectStatusCode: 404 } }", {
    headers: { "x-forwarded-for": "10.0.0.1" },
  });
  assert.equal(answers[0]?.status, 404);
  const own = await through(pair, "{ ipAllowList: { sourceRange: [127.0.0.1] } }", {});
  assert.equal(own.answers[0]?.status, 200);
  const named = await through(pair, "{ ipAllowList: { sourceRange: [10.0.0.0/8], ipStrategy: { depth: 1 } } }", {
    headers: { "x-forwarded-for": "10.0.0.1" },
  });
  assert.equal(named.answers[0]?.status, 403);
});

testPairs("rateLimit counts by a header, and those without it together", async (pair) => {
  const { answers } = await through(
    pair,
    "{ rateLimit: { average: 1, period: 1h, burst: 1, sourceCriterion: { requestHeaderName: X-Key } } }",
    { headers: { "x-key": "a" } },
    { headers: { "x-key": "a" } },
    { headers: { "x-key": "b" } },
    {},
    {},
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 429, 200, 200, 429],
  );
});

testPairs("rateLimit counts by host", async (pair) => {
  const { answers } = await through(
    pair,
    "{ rateLimit: { average: 1, period: 1h, sourceCriterion: { requestHost: true } } }",
    {},
    {},
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 429],
  );
});

testPairs("buffering refuses more than its bound", async (pair) => {
  const { answers } = await through(
    pair,
    "{ buffering: { maxRequestBodyBytes: 4 } }",
    { body: "four" },
    { body: "fives" },
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 413],
  );
});

testPairs("compress compresses from its bound on", async (pair) => {
  const { answers } = await through(
    pair,
    "{ compress: { encodings: [gzip] } }",
    { headers: { "accept-encoding": "gzip" } },
    { headers: { "accept-encoding": "br" } },
  );
  assert.deepEqual(
    answers.map(({ headers }) => headers["content-encoding"]),
    ["gzip", undefined],
  );
});
