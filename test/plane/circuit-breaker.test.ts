import assert from "node:assert/strict";
import { test } from "node:test";
import type { CircuitBreaker } from "../../src/ir/traffic/circuit-breaker.ts";
import type { PolicyTraffic } from "../../src/ir/traffic/policy-traffic.ts";
import { eventually } from "./eventually.ts";
import { Http2Server } from "./http2-upstream-server.ts";
import type { TestRule } from "./model-builder.ts";
import { type PlaneFixture, startProxy } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { circuitBreaker, traffic } from "./traffic-model.ts";

function start(
  ports: readonly number[],
  limits: Partial<CircuitBreaker>,
  rule: Partial<TestRule> = {},
  changes: Partial<PolicyTraffic> = {},
): Promise<PlaneFixture> {
  const cluster = { traffic: traffic({ circuitBreaker: { ...circuitBreaker, ...limits }, ...changes }) };
  return startProxy([], {}, { backends: [{ name: "app", ports, cluster }], ...rule });
}

/** A backend that keeps requests until they are let go, and answers with its name. */
async function holding(name: string) {
  const held: (() => void)[] = [];
  const upstream = await RawUpstream.start(({ head }) =>
    head.startsWith("GET /now") ? ok(name) : new Promise<string>((resolve) => held.push(() => resolve(ok(name)))),
  );
  return { upstream, held };
}

async function send(gateway: PlaneFixture, path: string): Promise<RawClient> {
  const client = await RawClient.connect(gateway.port);
  client.send(get(path));
  return client;
}

const overflows = (gateway: PlaneFixture, limit: string): number =>
  gateway.telemetry.registry.counter("gateway_upstream_overflows_total", "demo", "app", "80", limit).value;
const isOpen = (gateway: PlaneFixture, limit: string): number =>
  gateway.telemetry.registry.gauge("gateway_upstream_circuit_open", "demo", "app", "80", limit).value;

test("circuitBreaker: what is above maxParallelRequests gets 503 with its own flag, and is counted", async () => {
  const { upstream, held } = await holding("app");
  await using _ = upstream;
  await using gateway = await start([upstream.port], { maxParallelRequests: 2 });
  await using first = await send(gateway, "/a");
  await using second = await send(gateway, "/b");
  await eventually(() => held.length === 2);
  const refused = await exchange(gateway.port, get("/c"));
  assert.equal(refused.status, 503);
  assert.match(refused.body, /^The backend has too many requests\./);
  assert.equal(gateway.records.at(-1)!.responseFlag, "UO");
  assert.equal(overflows(gateway, "parallelRequests"), 1);
  assert.equal(isOpen(gateway, "parallelRequests"), 1);
  held[0]!();
  await first.response();
  assert.equal(isOpen(gateway, "parallelRequests"), 0);
  assert.equal((await exchange(gateway.port, get("/now"))).status, 200);
  held[1]!();
  await second.response();
});

test("circuitBreaker: requests wait for one of maxConnections, in their order, and no more than maxPendingRequests", async () => {
  const { upstream, held } = await holding("app");
  await using _ = upstream;
  await using gateway = await start([upstream.port], { maxConnections: 1, maxPendingRequests: 2 });
  await using first = await send(gateway, "/first");
  await eventually(() => held.length === 1);
  await using second = await send(gateway, "/second");
  await using third = await send(gateway, "/third");
  await eventually(() => isOpen(gateway, "pendingRequests") === 1);
  assert.equal((await exchange(gateway.port, get("/fourth"))).status, 503);
  for (const [index, client] of [first, second, third].entries()) {
    await eventually(() => held.length === index + 1);
    held[index]!();
    assert.equal((await client.response()).status, 200);
  }
  assert.deepEqual(
    upstream.requests.map(({ head }) => head.slice(5, head.indexOf(" HTTP"))),
    ["first", "second", "third"],
  );
  assert.equal(upstream.connections, 1);
});

test("circuitBreaker: a client that leaves gives up its place in the line", async () => {
  const { upstream, held } = await holding("app");
  await using _ = upstream;
  await using gateway = await start([upstream.port], { maxConnections: 1, maxPendingRequests: 1 });
  await using first = await send(gateway, "/first");
  await eventually(() => held.length === 1);
  const leaving = await send(gateway, "/leaving");
  await eventually(() => isOpen(gateway, "pendingRequests") === 1);
  leaving.socket.resetAndDestroy();
  await eventually(() => gateway.records.at(-1)?.responseFlag === "DC");
  await using second = await send(gateway, "/second");
  held[0]!();
  await first.response();
  await eventually(() => held.length === 2);
  held[1]!();
  assert.equal((await second.response()).status, 200);
  assert.equal(upstream.requests.length, 2);
});

test("circuitBreaker: an unused connection makes room for one to another endpoint", async () => {
  await using a = await RawUpstream.start(() => ok("a"));
  await using b = await RawUpstream.start(() => ok("b"));
  await using gateway = await start([a.port, b.port], { maxConnections: 1 });
  const bodies = [];
  for (let run = 0; run < 4; run++) bodies.push((await exchange(gateway.port, get("/"))).body);
  assert.deepEqual(bodies.toSorted(), ["a", "a", "b", "b"]);
  await eventually(() => a.open + b.open === 1);
});

test("circuitBreaker: perEndpoint.maxConnections holds for each endpoint alone", async () => {
  const { upstream: a, held } = await holding("a");
  const { upstream: b, held: heldB } = await holding("b");
  await using _a = a;
  await using _b = b;
  await using gateway = await start([a.port, b.port], { maxConnectionsPerEndpoint: 1, maxPendingRequests: 0 });
  await using first = await send(gateway, "/1");
  await using second = await send(gateway, "/2");
  await eventually(() => held.length === 1 && heldB.length === 1);
  assert.equal((await exchange(gateway.port, get("/3"))).status, 503);
  held[0]!();
  heldB[0]!();
  assert.deepEqual([(await first.response()).status, (await second.response()).status], [200, 200]);
});

test("circuitBreaker: maxParallelRetries bounds retries, and what is not retried keeps its answer", async () => {
  await using upstream = await RawUpstream.start(() => "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n");
  const retry = { attempts: 1, codes: [502], backoffMs: 0 };
  await using gateway = await start([upstream.port], { retries: { kind: "count", max: 0 } }, { retry });
  assert.equal((await exchange(gateway.port, get("/"))).status, 502);
  assert.equal(upstream.requests.length, 1);
});

test("circuitBreaker: retries give back what they took, one after the other", async () => {
  await using upstream = await RawUpstream.start(() => "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n");
  const retry = { attempts: 2, codes: [502], backoffMs: 0 };
  const limits = { retries: { kind: "count", max: 1 }, maxParallelRequests: 1 } as const;
  await using gateway = await start([upstream.port], limits, { retry });
  for (let run = 0; run < 3; run++) assert.equal((await exchange(gateway.port, get("/"))).status, 502);
  assert.equal(upstream.requests.length, 9);
});

test("circuitBreaker: maxRequestsPerConnection ends a connection after as many requests", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  const connections = { maxRequests: 2, maxAgeMs: 0, idleMs: 0 };
  await using gateway = await start([upstream.port], {}, {}, { connections });
  for (let run = 0; run < 5; run++) assert.equal((await exchange(gateway.port, get("/"))).status, 200);
  assert.equal(upstream.connections, 3);
  assert.deepEqual(
    upstream.requests.map(({ earlier }) => earlier),
    [0, 1, 0, 1, 0],
  );
});

test("circuitBreaker: the same limits hold for endpoints of HTTP/2", async () => {
  await using upstream = await Http2Server.start(({ stream }) => {
    stream.respond({ ":status": 200 });
    stream.end("app");
  });
  const breaker = { ...circuitBreaker, maxConnections: 1 };
  const connections = { maxRequests: 2, maxAgeMs: 0, idleMs: 0 };
  const cluster = { protocol: "http2", traffic: traffic({ circuitBreaker: breaker, connections }) } as const;
  await using gateway = await startProxy([], {}, { backends: [{ name: "app", ports: [upstream.port], cluster }] });
  const statuses = await Promise.all(
    Array.from({ length: 6 }, async () => (await exchange(gateway.port, get("/"))).status),
  );
  assert.deepEqual(statuses, Array(6).fill(200));
  assert.equal(upstream.connections, 3);
});

test("connections: one that is too old gets no further request", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  const connections = { maxRequests: 0, maxAgeMs: 1, idleMs: 0 };
  await using gateway = await start([upstream.port], {}, {}, { connections });
  for (let run = 0; run < 3; run++) {
    await exchange(gateway.port, get("/"));
    await eventually(() => upstream.open === 0);
  }
  assert.equal(upstream.connections, 3);
});
