import assert from "node:assert/strict";
import type { Filter, OverrideAction, OverrideRow } from "../../src/ir/filter.ts";
import { startFilters, template } from "./answer-filters-lab.ts";
import { ask, testPairs } from "./filter-lab.ts";

const row = (action: OverrideAction, more: Partial<OverrideRow> = {}): OverrideRow => ({
  statuses: [{ from: 500, to: 599 }],
  headers: [],
  source: "all",
  action,
  ...more,
});
const override = (...rows: readonly OverrideRow[]): Filter => ({ kind: "responseOverride", rows });

const closed: OverrideAction = {
  kind: "answer",
  status: 502,
  content: {
    headers: [
      { name: "content-type", value: ["text/html"] },
      { name: "x-was", value: template("%RESPONSE_CODE% for %REQ(x-user)%") },
    ],
    body: "<h1>Closed</h1>",
  },
  remove: ["x-debug"],
};

testPairs("an answer is replaced: its headers stay, but for those of its content", async (pair) => {
  const answer = {
    status: 503,
    headers: {
      "content-type": "text/plain",
      "content-language": "en",
      etag: '"1"',
      "retry-after": "5",
      "www-authenticate": "Basic",
      "x-debug": "secret",
    },
    pieces: ["the database is down"],
  };
  await using lab = await startFilters(pair, [override(row(closed))], () => answer);
  const got = await ask(pair.client, lab.port, { headers: { "x-user": "grace" } });
  assert.deepEqual([got.status, got.body.toString()], [502, "<h1>Closed</h1>"]);
  const names = ["content-type", "content-language", "etag", "retry-after", "www-authenticate", "x-debug", "x-was"];
  assert.deepEqual(
    names.map((name) => got.headers[name]),
    ["text/html", undefined, undefined, "5", "Basic", undefined, "503 for grace"],
  );
});

testPairs("rows fit by status, header and source, the first one", async (pair) => {
  const say = (body: string): OverrideAction => ({ kind: "answer", content: { headers: [], body }, remove: [] });
  const filter = override(
    row(say("local"), { source: "local" }),
    row(say("by header"), { headers: [{ name: "x-page", value: { kind: "prefix", value: "error-" } }] }),
    row(say("404"), { statuses: [{ from: 404, to: 404 }], source: "backend" }),
    row(say("server"), {}),
  );
  let answer: { status: number; headers?: Record<string, string> } = { status: 200 };
  await using lab = await startFilters(pair, [filter], () => ({ ...answer, pieces: ["own"] }));
  const cases: readonly (readonly [status: number, headers: Record<string, string>, body: string])[] = [
    [200, {}, "own"],
    [404, {}, "404"],
    [410, {}, "own"],
    [500, { "x-page": "error-1" }, "by header"],
    [500, { "x-page": "fine" }, "server"],
    [599, {}, "server"],
  ];
  for (const [status, headers, body] of cases) {
    answer = { status, headers };
    const got = await ask(pair.client, lab.port);
    assert.deepEqual([got.status, got.body.toString()], [status, body]);
  }
  await using gone = await startFilters(pair, [filter, { kind: "directResponse", status: 500, reason: "no" }]);
  assert.equal((await ask(pair.client, gone.port)).body.toString(), "local");
});

testPairs("a redirect goes to the request's own host unless the row names one", async (pair) => {
  const filter = override(
    row({ kind: "redirect", redirect: { status: 302, path: { kind: "full", value: "/sorry", query: "" } } }),
    row(
      { kind: "redirect", redirect: { status: 301, scheme: "https", hostname: "login.example.com" } },
      { statuses: [{ from: 401, to: 401 }] },
    ),
  );
  let status = 503;
  await using lab = await startFilters(pair, [filter], () => ({ status }));
  const sorry = await ask(pair.client, lab.port, { path: "//evil.test/%2f%2fevil.test?q=1" });
  assert.deepEqual([sorry.status, sorry.headers["location"]], [302, `http://app.example.test:${lab.port}/sorry?q=1`]);
  status = 401;
  const login = await ask(pair.client, lab.port, { path: "//evil.test/x?q=1" });
  assert.equal(login.status, 301);
  const location = new URL(String(login.headers["location"]));
  assert.deepEqual([location.protocol, location.host], ["https:", "login.example.com"]);
});

const errorPage: OverrideAction = {
  kind: "errorPage",
  manner: "headers",
  tells: [],
  cluster: "demo/other:80",
  path: "/page",
  timeoutMs: 2_000,
  maxBytes: 100_000,
};

testPairs("an error-page service is told code, URI and request id, and its answer is the answer", async (pair) => {
  await using lab = await startFilters(
    pair,
    [override(row(errorPage))],
    () => ({ status: 503, headers: { "retry-after": "9", "content-type": "text/plain" }, pieces: ["down"] }),
    () => ({ status: 404, headers: { "content-type": "text/html", "x-pages": "1" }, pieces: ["<p>sor", "ry</p>"] }),
  );
  const got = await ask(pair.client, lab.port, {
    method: "POST",
    path: "/a%20b?q=1",
    headers: { accept: "text/html", cookie: "session=1", authorization: "Bearer t" },
    body: "hello",
  });
  assert.deepEqual([got.status, got.body.toString()], [404, "<p>sorry</p>"]);
  assert.deepEqual(
    ["content-type", "x-pages", "retry-after"].map((name) => got.headers[name]),
    ["text/html", "1", "9"],
  );
  const told = lab.other.arrived[0]!;
  assert.equal(told.path, "/page");
  const names = ["x-code", "x-format", "x-original-uri", "x-original-method", "host", "cookie", "authorization"];
  assert.deepEqual(
    names.map((name) => told.headers[name]),
    ["503", "text/html", "/a%20b?q=1", "POST", "app.example.test", undefined, undefined],
  );
  assert.equal(told.headers["x-request-id"], lab.app.arrived[0]?.headers["x-request-id"]);
});

testPairs("in the request's manner its method and its client's headers are told, too", async (pair) => {
  const tells = [{ name: "x-namespace", value: "shop" }];
  await using lab = await startFilters(
    pair,
    [override(row({ ...errorPage, manner: "request", tells }))],
    () => ({ status: 503, pieces: ["down"] }),
    () => ({ status: 404, pieces: ["sorry"] }),
  );
  const got = await ask(pair.client, lab.port, {
    method: "POST",
    path: "/a?q=1",
    headers: { accept: "text/html", cookie: "session=1", "x-namespace": "mine", "x-code": "1" },
    body: "hello",
  });
  assert.deepEqual([got.status, got.body.toString()], [404, "sorry"]);
  const { path, headers, body } = lab.other.arrived[0]!;
  assert.deepEqual([path, body], ["/page", ""]);
  const names = ["x-code", "x-format", "x-original-uri", "x-namespace", "accept", "cookie", "host", "x-forwarded-for"];
  assert.deepEqual(
    names.map((name) => headers[name]),
    ["503", "text/html", "/a?q=1", "shop", "text/html", "session=1", "app.example.test", "127.0.0.1"],
  );
  assert.equal(headers["x-forwarded-proto"], undefined);
});

testPairs("in Traefik's manner the path is filled in, and the answer's status stays", async (pair) => {
  await using lab = await startFilters(
    pair,
    [override(row({ ...errorPage, manner: "traefik", path: "/{status}.html?from={url}" }))],
    () => ({ status: 503, pieces: ["down"] }),
    () => ({ pieces: ["sorry"] }),
  );
  const got = await ask(pair.client, lab.port, { path: "/a?q=$&1" });
  assert.deepEqual([got.status, got.body.toString()], [503, "sorry"]);
  assert.equal(lab.other.arrived[0]?.path, "/503.html?from=%2Fa%3Fq%3D%24%261");
});

testPairs("without an answer of the error-page service the first answer goes on", async (pair) => {
  for (const [why, others, action] of [
    ["silent", { silent: true }, { ...errorPage, timeoutMs: 50 }],
    ["broken", { headers: { "content-length": "100" }, pieces: ["half"], breaks: true }, errorPage],
    ["too large", { pieces: ["x".repeat(2_000)] }, { ...errorPage, maxBytes: 1_000 }],
    ["not there", {}, { ...errorPage, cluster: undefined }],
  ] as const) {
    await using lab = await startFilters(
      pair,
      [override(row(action))],
      () => ({ status: 503, headers: { "x-own": "1" }, pieces: ["do", "wn"] }),
      () => others,
    );
    const got = await ask(pair.client, lab.port);
    assert.deepEqual([got.status, got.body.toString(), got.headers["x-own"]], [503, "down", "1"], why);
  }
});

testPairs("the gateway's own answers have error pages, too", async (pair) => {
  const filters: readonly Filter[] = [override(row(errorPage)), { kind: "directResponse", status: 500, reason: "no" }];
  await using lab = await startFilters(pair, filters, undefined, () => ({ status: 500, pieces: ["page"] }));
  const got = await ask(pair.client, lab.port, { path: "/x" });
  assert.deepEqual([got.status, got.body.toString()], [500, "page"]);
  assert.equal(lab.other.arrived[0]?.headers["x-original-uri"], "/x");
});

testPairs("a client that leaves while the error-page service is asked leaves nothing behind", async (pair) => {
  let silent = true;
  await using lab = await startFilters(
    pair,
    [override(row({ ...errorPage, timeoutMs: 60_000 }))],
    () => ({ status: 503, pieces: ["down"] }),
    () => (silent ? { silent } : { pieces: ["page"] }),
  );
  const left = new Promise((later) => setTimeout(later, 50));
  await ask(pair.client, lab.port, { until: left }).catch(() => {});
  assert.equal(lab.other.arrived.length, 1);
  silent = false;
  assert.equal((await ask(pair.client, lab.port)).body.toString(), "page");
});

testPairs("an answer to HEAD, and one whose status has none, keep no content", async (pair) => {
  let status = 503;
  const noContent: OverrideAction = { ...closed, status: 204 };
  const filter = override(row(noContent, { statuses: [{ from: 500, to: 500 }] }), row(closed));
  await using lab = await startFilters(pair, [filter], () => ({ status }));
  const head = await ask(pair.client, lab.port, { method: "HEAD" });
  assert.deepEqual([head.status, head.body.length, head.headers["content-length"]], [502, 0, "15"]);
  status = 500;
  const empty = await ask(pair.client, lab.port);
  assert.deepEqual([empty.status, empty.body.length], [204, 0]);
});
