import assert from "node:assert/strict";
import { test } from "node:test";
import { SessionTokens } from "../../src/filter/sessionPersistence/session-token.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane, withSettings } from "./plane-fixture.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { buildStreams } from "./stream-model.ts";
import { UdpPeer } from "./udp-peer.ts";

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const upstreams = await Promise.all(Array.from({ length: count }, () => RawUpstream.start(() => undefined)));
  const ports = upstreams.map(({ port }) => port);
  for (const upstream of upstreams) await upstream[Symbol.asyncDispose]();
  return ports;
}

const redirect = { kind: "requestRedirect", status: 302, hostname: "other.example" } as const;

test("EmbeddedPlane: with clientPort listener, redirects and X-Forwarded-Port show the listener's port, not the bound one", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  const rules = [
    { name: "moved", match: { path: { kind: "prefix", value: "/moved" } }, filters: [redirect], backends: [] },
    { name: "app", backends: [{ name: "app", ports: [upstream.port] }] },
  ] as const;
  const update = buildUpdate([{ name: "http", port: 8000, rules }]);
  await using gateway = await startPlane(update, { clientPort: "listener" });
  const port = gateway.plane.boundPort(8000)!;
  assert.notEqual(port, 8000);
  const moved = await fetch(`http://127.0.0.1:${port}/moved`, { redirect: "manual" });
  assert.equal(moved.headers.get("location"), "http://other.example:8000/moved");
  await (await fetch(`http://127.0.0.1:${port}/`)).text();
  assert.match(upstream.requests.at(-1)?.head ?? "", /x-forwarded-port: 8000\r\n/);
  await using bound = await startPlane(update);
  const own = bound.plane.boundPort(8000)!;
  const other = await fetch(`http://127.0.0.1:${own}/moved`, { redirect: "manual" });
  assert.equal(other.headers.get("location"), `http://other.example:${own}/moved`);
});

test("EmbeddedPlane: a port that is mapped elsewhere is bound there, and no longer where it was", async () => {
  const free = await freePorts(2);
  let target = free[0]!;
  const update = buildUpdate([
    { name: "http", port: 80, rules: [{ name: "moved", filters: [redirect], backends: [] }] },
  ]);
  await using gateway = await startPlane(update, { mapPort: () => target });
  assert.equal(gateway.plane.boundPort(80), free[0]);
  target = free[1]!;
  await gateway.plane.apply(update);
  assert.equal(gateway.plane.boundPort(80), free[1]);
  assert.equal((await fetch(`http://127.0.0.1:${free[1]}/`, { redirect: "manual" })).status, 302);
  await assert.rejects(fetch(`http://127.0.0.1:${free[0]}/`));
});

test("EmbeddedPlane: a UDP port that is mapped elsewhere is bound there, and back again while a session still drains", async () => {
  await using backend = await UdpPeer.open((bytes) => bytes);
  const free = await freePorts(2);
  let target = free[0]!;
  const update = buildStreams([{ protocol: "UDP", port: 80, backends: [{ name: "dns", ports: [backend.port] }] }]);
  await using gateway = await startPlane(update, { mapPort: () => target });
  await using client = await UdpPeer.open();
  assert.equal(await client.ask("0", target), "0");
  for (const port of [free[1]!, free[0]!]) {
    target = port;
    const { listeners } = await gateway.plane.apply(update);
    assert.deepEqual(
      Object.values(listeners).map((row) => row.state === "programmed" && row.port),
      [port],
    );
    assert.equal(gateway.plane.boundPort(80), port);
    await using other = await UdpPeer.open();
    assert.equal(await other.ask("1", port), "1");
  }
});

test("EmbeddedPlane: what is believed of proxies in front, and how sessions are signed, changes for open connections, too", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  const rule = {
    name: "app",
    backends: [{ name: "app", ports: [upstream.port] }],
    sessionPersistence: {
      kind: "header",
      name: "x-session",
      absoluteTimeoutMs: 0,
      issued: undefined,
      afterFailure: "other",
    },
  } as const;
  const update = buildUpdate([{ name: "http", port: 80, rules: [rule] }]);
  await using gateway = await startPlane(update);
  const ask = () => fetch(`http://127.0.0.1:${gateway.port}/`, { headers: { "x-forwarded-for": "192.0.2.9" } });
  await ask();
  assert.doesNotMatch(upstream.requests.at(-1)?.head ?? "", /192\.0\.2\.9/);
  const sessionKey = Buffer.alloc(32, 7);
  gateway.plane.reconfigure({ sessionKey });
  await gateway.plane.apply(withSettings(update, { trust: { trustedHops: 1, source: "x-forwarded-for" } }));
  const answer = await ask();
  assert.match(upstream.requests.at(-1)?.head ?? "", /x-forwarded-for: 192\.0\.2\.9/);
  const token = answer.headers.get("x-session") ?? "";
  assert.ok(new SessionTokens(sessionKey).read("x-session", token), "signed with the new key");
  assert.equal(new SessionTokens(Buffer.alloc(32)).read("x-session", token), undefined);
});
