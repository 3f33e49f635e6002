import assert from "node:assert/strict";
import { test } from "node:test";
import { plainCookie } from "../../src/ir/issued-cookie.ts";
import type { LoadBalancing } from "../../src/ir/traffic/load-balancing.ts";
import { type PlaneFixture, startProxy } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { loadBalancing, traffic } from "./traffic-model.ts";

function start(ports: readonly number[], changes: Partial<LoadBalancing>): Promise<PlaneFixture> {
  const policy = traffic({ loadBalancing: { ...loadBalancing, ...changes } });
  return startProxy([], {}, { backends: [{ name: "app", ports, cluster: { traffic: policy } }] });
}

const hashed = (by: Extract<LoadBalancing["turns"], { readonly kind: "consistentHash" }>["by"]) =>
  ({ turns: { kind: "consistentHash", by, tableSize: 1_009, afterFailure: "other" } }) as const;

test("consistentHash: equal headers lead to the same endpoint, others spread over all", async () => {
  await using a = await RawUpstream.start(() => ok("a"));
  await using b = await RawUpstream.start(() => ok("b"));
  await using c = await RawUpstream.start(() => ok("c"));
  await using gateway = await start([a.port, b.port, c.port], hashed({ kind: "headers", names: ["x-user"] }));
  const ask = async (user: string) => (await exchange(gateway.port, get("/", `X-User: ${user}\r\n`))).body;
  const all = new Set<string>();
  for (let user = 0; user < 20; user++) {
    const home = await ask(String(user));
    all.add(home);
    assert.equal(await ask(String(user)), home);
  }
  assert.deepEqual([...all].toSorted(), ["a", "b", "c"]);
});

test("consistentHash: a parameter of the query and the client's address decide too", async () => {
  await using a = await RawUpstream.start(() => ok("a"));
  await using b = await RawUpstream.start(() => ok("b"));
  await using byQuery = await start([a.port, b.port], hashed({ kind: "queryParams", names: ["user"] }));
  const first = (await exchange(byQuery.port, get("/?user=ann&page=1"))).body;
  assert.equal((await exchange(byQuery.port, get("/other?page=2&user=ann"))).body, first);
  await using byAddress = await start([a.port, b.port], hashed({ kind: "sourceAddress" }));
  const homes = new Set<string>();
  for (let run = 0; run < 6; run++) homes.add((await exchange(byAddress.port, get(`/${run}`))).body);
  assert.equal(homes.size, 1);
});

test("consistentHash: a client without the cookie gets one, and comes back to its endpoint with it", async () => {
  await using a = await RawUpstream.start(() => ok("a"));
  await using b = await RawUpstream.start(() => ok("b"));
  const by = { kind: "cookie", name: "lane", issued: { ...plainCookie, maxAgeSeconds: 3_600, path: "/" } } as const;
  await using gateway = await start([a.port, b.port], hashed(by));
  for (let run = 0; run < 8; run++) {
    const first = await exchange(gateway.port, get("/"));
    const cookie = first.headers.get("set-cookie") ?? "";
    assert.match(cookie, /^lane=[0-9a-f-]{36}; Max-Age=3600; Path=\/; HttpOnly$/);
    const again = await exchange(gateway.port, get("/", `Cookie: ${cookie.slice(0, cookie.indexOf(";"))}\r\n`));
    assert.equal(again.body, first.body);
    assert.equal(again.headers.get("set-cookie"), undefined);
  }
});

test("endpointOverride: a request goes to the endpoint that it names, if that is one of the backend's", async () => {
  await using a = await RawUpstream.start(() => ok("a"));
  await using b = await RawUpstream.start(() => ok("b"));
  await using stranger = await RawUpstream.start(() => ok("stranger"));
  await using gateway = await start([a.port, b.port], { overrideHeaders: ["x-to"] });
  const ask = async (port: number) => (await exchange(gateway.port, get("/", `X-To: 127.0.0.1:${port}\r\n`))).body;
  assert.deepEqual([await ask(b.port), await ask(b.port), await ask(a.port)], ["b", "b", "a"]);
  assert.notEqual(await ask(stranger.port), "stranger");
  assert.equal(stranger.requests.length, 0);
});

test("zoneAware: requests keep to the gateway's own zone while it has its share of the endpoints", async () => {
  await using near = await RawUpstream.start(() => ok("near"));
  await using far = await RawUpstream.start(() => ok("far"));
  const zones = { kind: "local", minEndpoints: 0, forceMinEndpoints: 0, percent: 100 } as const;
  const cluster = { traffic: traffic({ loadBalancing: { ...loadBalancing, zones } }) };
  await using gateway = await startProxy([], { zone: "a" }, { backends: [{ name: "app", ports: [], cluster }] });
  const endpoint = (port: number, zone: string) => ({ address: "127.0.0.1", port, zone });
  gateway.plane.updateEndpoints({ "demo/app:80": [endpoint(near.port, "a"), endpoint(far.port, "b")] });
  for (let run = 0; run < 6; run++) assert.equal((await exchange(gateway.port, get("/"))).body, "near");
  gateway.plane.updateEndpoints({ "demo/app:80": [endpoint(far.port, "b")] });
  assert.equal((await exchange(gateway.port, get("/"))).body, "far");
});
