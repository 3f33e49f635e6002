import assert from "node:assert/strict";
import { test } from "node:test";
import { FractionChoice } from "../../src/base/fraction-choice.ts";
import { WeightedChoice } from "../../src/proxy/upstream/weighted-choice.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane, startProxy, startRules } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

async function count(port: number, requests: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  await using client = await RawClient.connect(port);
  for (let i = 0; i < requests; i++) {
    client.send(get("/"));
    const { body, status } = await client.response();
    const key = status === 200 ? body : String(status);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

test("WeightedChoice: every run of the sum of weights is exact, and spread out", () => {
  const choice = new WeightedChoice([5, 1, 0, 1]);
  const run = Array.from({ length: 7 }, () => choice.next());
  assert.deepEqual(run, [0, 0, 1, 0, 3, 0, 0]);
  assert.equal(new WeightedChoice([]).next(), -1);
  assert.equal(new WeightedChoice([0, 0]).next(), -1);
});

test("FractionChoice: says yes to exactly its share", () => {
  const choice = new FractionChoice({ numerator: 3, denominator: 10 });
  const run = Array.from({ length: 100 }, () => choice.next());
  assert.equal(run.filter(Boolean).length, 30);
  assert.equal(new FractionChoice({ numerator: 0, denominator: 5 }).next(), false);
});

test("EmbeddedPlane: weights are exact over 1000 requests, an invalid backend's share included", async () => {
  await using a = await RawUpstream.start(() => ok("a"));
  await using b = await RawUpstream.start(() => ok("b"));
  await using gateway = await startRules([
    {
      name: "app",
      backends: [
        { name: "a", weight: 70, ports: [a.port] },
        { name: "b", weight: 20, ports: [b.port] },
        { name: "missing", weight: 10 },
      ],
    },
  ]);
  assert.deepEqual(await count(gateway.port, 1_000), { a: 700, b: 200, 500: 100 });
});

test("EmbeddedPlane: a small share is not starved by frequent swaps", async () => {
  await using a = await RawUpstream.start(() => ok("a"));
  await using b = await RawUpstream.start(() => ok("b"));
  const update = buildUpdate([
    {
      name: "http",
      port: 80,
      rules: [
        {
          name: "app",
          backends: [
            { name: "a", weight: 9, ports: [a.port] },
            { name: "b", weight: 1, ports: [b.port] },
          ],
        },
      ],
    },
  ]);
  await using gateway = await startPlane(update);
  for (let i = 0; i < 30; i++) {
    await exchange(gateway.port, get("/"));
    await gateway.plane.apply(update);
  }
  assert.equal(b.requests.length, 3);
});

test("EmbeddedPlane: endpoints are used in turn", async () => {
  await using a = await RawUpstream.start(() => ok("a"));
  await using b = await RawUpstream.start(() => ok("b"));
  await using gateway = await startProxy([a.port, b.port]);
  assert.deepEqual(await count(gateway.port, 10), { a: 5, b: 5 });
});

test("EmbeddedPlane: least-request prefers the endpoint with less to do", async () => {
  await using busy = await RawUpstream.start(({ head }) => (head.startsWith("GET /wait") ? undefined : ok("busy")));
  await using free = await RawUpstream.start(({ head }) => (head.startsWith("GET /wait") ? undefined : ok("free")));
  await using gateway = await startProxy(
    [],
    { random: () => 0 },
    {
      backends: [{ name: "app", ports: [busy.port, free.port], traffic: { loadBalancing: "leastRequest" } }],
    },
  );
  await using waiting = await RawClient.connect(gateway.port);
  waiting.send(get("/wait"));
  while (busy.requests.length + free.requests.length === 0) await new Promise(setImmediate);
  const idle = busy.requests.length === 1 ? "free" : "busy";
  assert.deepEqual(await count(gateway.port, 5), { [idle]: 5 });
});

test("EmbeddedPlane: updateEndpoints moves traffic without another apply", async () => {
  await using a = await RawUpstream.start(() => ok("a"));
  await using b = await RawUpstream.start(() => ok("b"));
  await using gateway = await startProxy([a.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  assert.equal((await client.response()).body, "a");
  gateway.plane.updateEndpoints({ "demo/app:80": [{ address: "127.0.0.1", port: b.port }] });
  client.send(get("/"));
  assert.equal((await client.response()).body, "b");
  while (a.open > 0) await new Promise(setImmediate);
});

test("requestMirror: a copy goes to the mirror, body and all, and its answer is thrown away", async () => {
  await using upstream = await RawUpstream.start(({ body }) => ok(`real ${body}`));
  await using shadow = await RawUpstream.start(() => ok("shadow"));
  await using gateway = await startProxy(
    [upstream.port],
    {},
    {
      filters: [{ kind: "requestMirror", cluster: "demo/shadow:80", fraction: { numerator: 1, denominator: 2 } }],
      others: [{ name: "shadow", ports: [shadow.port] }],
    },
  );
  for (let i = 0; i < 4; i++) {
    const response = await exchange(gateway.port, "POST /x HTTP/1.1\r\nHost: app\r\nContent-Length: 4\r\n\r\nbody");
    assert.equal(response.body, "real body");
  }
  while (shadow.requests.length < 2) await new Promise(setImmediate);
  assert.equal(shadow.requests.length, 2);
  assert.equal(shadow.requests[0]!.body, "body");
  assert.match(shadow.requests[0]!.head, /^POST \/x HTTP\/1\.1\r\nhost: app\r\n/);
});

test("requestMirror: copies may be asked for something else, with their client's own headers", async () => {
  await using upstream = await RawUpstream.start(() => ok("real"));
  await using shadow = await RawUpstream.start(() => ok("shadow"));
  const as = { host: ["shadow.test"], target: ["/copy", { from: "target" }], content: false } as const;
  await using gateway = await startProxy(
    [upstream.port],
    {},
    {
      filters: [{ kind: "requestMirror", cluster: "demo/shadow:80", fraction: { numerator: 1, denominator: 1 }, as }],
      others: [{ name: "shadow", ports: [shadow.port] }],
    },
  );
  const head = "POST /x?y=1 HTTP/1.1\r\nHost: app\r\nX-Mine: 1\r\nContent-Length: 4\r\n\r\n";
  assert.equal((await exchange(gateway.port, `${head}body`)).body, "real");
  while (shadow.requests.length < 1) await new Promise(setImmediate);
  const copy = shadow.requests[0]!;
  assert.match(copy.head, /^POST \/copy\/x\?y=1 HTTP\/1\.1\r\nhost: shadow\.test\r\nX-Mine: 1\r\n\r\n$/);
  assert.equal(copy.body, "");
});

test("requestMirror: a copy is taken where the filter stands, also in a backendRef", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using shadow = await RawUpstream.start(() => ok(""));
  const mirror = {
    kind: "requestMirror",
    cluster: "demo/shadow:80",
    fraction: { numerator: 1, denominator: 1 },
  } as const;
  const set = (value: string) =>
    ({ kind: "headerModifier", on: "request", set: [{ name: "x-at", value }], add: [], remove: [] }) as const;
  const rewrite = { kind: "urlRewrite", path: { kind: "full", value: "/new", query: "" } } as const;
  await using gateway = await startProxy(
    [],
    {},
    {
      backends: [{ name: "app", ports: [upstream.port], filters: [set("backend"), mirror] }],
      filters: [mirror, rewrite, set("rule"), mirror],
      others: [{ name: "shadow", ports: [shadow.port] }],
    },
  );
  await exchange(gateway.port, get("/old?q=1"));
  while (shadow.requests.length < 3) await new Promise(setImmediate);
  const seen = ({ head }: { readonly head: string }) => `${head.split(" ")[1]} ${/x-at: (\w+)/.exec(head)?.[1] ?? "-"}`;
  assert.deepEqual(shadow.requests.map(seen).toSorted(), ["/new?q=1 backend", "/new?q=1 rule", "/old?q=1 -"]);
  assert.deepEqual(upstream.requests.map(seen), ["/new?q=1 backend"]);
});

test("requestMirror: a request that no backend gets is not copied either", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using shadow = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy(
    [upstream.port],
    { limits: { mirrorsInFlight: 1 } },
    {
      filters: [
        { kind: "requestMirror", cluster: "demo/shadow:80", fraction: { numerator: 1, denominator: 1 } },
        { kind: "directResponse", status: 418, reason: "" },
      ],
      others: [{ name: "shadow", ports: [shadow.port] }],
    },
  );
  for (let i = 0; i < 3; i++) assert.equal((await exchange(gateway.port, get("/"))).status, 418);
  assert.equal(shadow.connections, 0);
  const { registry } = gateway.telemetry;
  assert.equal(
    registry.counter("gateway_http_mirrored_requests_total", "HTTPRoute", "demo", "test", "shadow", "dropped").value,
    0,
  );
});

test("requestMirror: a mirror that never answers or cannot be reached changes nothing", async () => {
  await using upstream = await RawUpstream.start(() => ok("real"));
  await using silent = await RawUpstream.start(() => undefined);
  await using gateway = await startProxy(
    [upstream.port],
    { limits: { mirrorsInFlight: 1 } },
    {
      filters: [
        { kind: "requestMirror", cluster: "demo/silent:80", fraction: { numerator: 1, denominator: 1 } },
        { kind: "requestMirror", cluster: "demo/none:80", fraction: { numerator: 1, denominator: 1 } },
      ],
      others: [
        { name: "silent", ports: [silent.port] },
        { name: "none", ports: [] },
      ],
    },
  );
  assert.deepEqual(await count(gateway.port, 5), { real: 5 });
  while (silent.requests.length === 0) await new Promise(setImmediate);
  assert.equal(silent.requests.length, 1);
  const counters = gateway.telemetry.registry;
  assert.equal(
    counters.counter("gateway_http_mirrored_requests_total", "HTTPRoute", "demo", "test", "silent", "dropped").value,
    4,
  );
});

test("EmbeddedPlane: endpoints that change while an apply is under way are not lost", async () => {
  await using a = await RawUpstream.start(() => ok("a"));
  await using b = await RawUpstream.start(() => ok("b"));
  const rules = [{ name: "app", backends: [{ name: "app", ports: [a.port] }] }];
  await using gateway = await startPlane(buildUpdate([{ name: "http", port: 80, rules }]));
  const applying = gateway.plane.apply(
    buildUpdate([
      { name: "http", port: 80, rules },
      { name: "more", port: 81, rules },
    ]),
  );
  await Promise.resolve();
  gateway.plane.updateEndpoints({ "demo/app:80": [{ address: "127.0.0.1", port: b.port }] });
  await applying;
  assert.deepEqual(await count(gateway.port, 3), { b: 3 });
  assert.equal(b.connections, 1);
});

test("EmbeddedPlane: frequent swaps do not favour the first endpoint", async () => {
  await using a = await RawUpstream.start(() => ok("a"));
  await using b = await RawUpstream.start(() => ok("b"));
  const rules = [{ name: "app", backends: [{ name: "app", ports: [a.port, b.port] }] }];
  const update = buildUpdate([{ name: "http", port: 80, rules }]);
  await using gateway = await startPlane(update);
  for (let i = 0; i < 6; i++) {
    await exchange(gateway.port, get("/"));
    await gateway.plane.apply(update);
  }
  assert.equal(b.requests.length, 3);
});
