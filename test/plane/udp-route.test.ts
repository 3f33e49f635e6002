import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricName } from "../../src/telemetry/metrics.ts";
import { eventually } from "./eventually.ts";
import { type PlaneFixture, type PlaneTestOptions, startPlane } from "./plane-fixture.ts";
import { buildStreams, type StreamTestBackend } from "./stream-model.ts";
import { UdpPeer } from "./udp-peer.ts";

function model(backends?: readonly StreamTestBackend[]) {
  return buildStreams([{ protocol: "UDP", port: 80, ...(backends === undefined ? {} : { backends }) }]);
}

function startUdp(backends?: readonly StreamTestBackend[], options: PlaneTestOptions = {}) {
  return startPlane(model(backends), options);
}

function echo(name: string): Promise<UdpPeer> {
  return UdpPeer.open((bytes) => `${name}:${bytes.toString("latin1")}`);
}

function metric({ telemetry }: PlaneFixture, name: MetricName): number {
  const family = telemetry.registry.families[name] as unknown as { all(): Iterable<{ value: number }> };
  return [...family.all()].reduce((sum, { value }) => sum + value, 0);
}

test("UDPRoute forwards datagrams, replies from the listener's port, and logs a session when it ends", async () => {
  await using backend = await echo("dns");
  await using client = await UdpPeer.open();
  await using fixture = await startUdp([{ name: "dns", ports: [backend.port] }], { limits: { udpIdleMs: 50 } });
  assert.equal(await client.ask("one", fixture.port), "dns:one");
  assert.equal(await client.ask("two", fixture.port), "dns:two");
  assert.deepEqual(client.from, [fixture.port, fixture.port]);
  assert.equal(backend.from[0], backend.from[1], "one socket for the session");
  await eventually(() => fixture.records.length === 1);
  const [record] = fixture.records;
  assert.deepEqual([record?.protocol, record?.bytesIn, record?.bytesOut, record?.responseFlag], ["UDP", 6, 14, "-"]);
  assert.equal(record?.upstream, `127.0.0.1:${backend.port}`);
  assert.equal(metric(fixture, "gateway_udp_sessions_active"), 0);
  assert.equal(metric(fixture, "gateway_udp_sessions_total"), 1);
  assert.equal(metric(fixture, "gateway_udp_datagrams_total"), 4);
});

test("datagrams keep their order and their borders, also those that come before the endpoint is connected", async () => {
  await using backend = await UdpPeer.open();
  await using client = await UdpPeer.open();
  await using fixture = await startUdp([{ name: "log", ports: [backend.port] }]);
  const sent = Array.from({ length: 100 }, (_, i) => `${i}`.repeat((i % 7) + 1));
  for (const text of sent) client.send(text, fixture.port);
  await backend.got(sent.length);
  assert.deepEqual(backend.received, sent);
});

test("an empty datagram and one of the largest size go through whole", async () => {
  await using backend = await UdpPeer.open((bytes) => `${bytes.length}`);
  await using client = await UdpPeer.open();
  await using fixture = await startUdp([{ name: "size", ports: [backend.port] }]);
  assert.equal(await client.ask(Buffer.alloc(0), fixture.port), "0");
  assert.equal(await client.ask(Buffer.alloc(65_507, 1), fixture.port), "65507");
});

test("weights hold by session, and a client stays with its backend", async () => {
  await using a = await echo("a");
  await using b = await echo("b");
  await using fixture = await startUdp([
    { name: "a", weight: 3, ports: [a.port] },
    { name: "b", weight: 1, ports: [b.port] },
  ]);
  const counts: Record<string, number> = {};
  for (let i = 0; i < 8; i++) {
    await using client = await UdpPeer.open();
    const first = await client.ask("x", fixture.port);
    assert.equal(await client.ask("x", fixture.port), first);
    counts[first] = (counts[first] ?? 0) + 1;
  }
  assert.deepEqual(counts, { "a:x": 6, "b:x": 2 });
});

test("at the bound the session that was idle for longest makes room", async () => {
  await using backend = await echo("b");
  await using fixture = await startUdp([{ name: "b", ports: [backend.port] }], { limits: { udpSessions: 2 } });
  await using first = await UdpPeer.open();
  await using second = await UdpPeer.open();
  await using third = await UdpPeer.open();
  await first.ask("1", fixture.port);
  await second.ask("1", fixture.port);
  await first.ask("2", fixture.port);
  await third.ask("1", fixture.port);
  assert.equal(fixture.records.length, 1);
  assert.equal(fixture.records[0]?.responseFlag, "SE");
  const upstreamPorts = new Set(backend.from);
  await first.ask("3", fixture.port);
  assert.equal(upstreamPorts.has(backend.from.at(-1)!), true, "the first client kept its session");
  await second.ask("2", fixture.port);
  assert.equal(upstreamPorts.has(backend.from.at(-1)!), false, "the second one got a new session");
});

test("a session moves when its endpoint is gone, by endpoints alone and by a reload", async () => {
  await using a = await echo("a");
  await using b = await echo("b");
  await using c = await echo("c");
  await using client = await UdpPeer.open();
  await using fixture = await startUdp([{ name: "dns", ports: [a.port] }]);
  assert.equal(await client.ask("1", fixture.port), "a:1");
  const update = model([{ name: "dns", ports: [b.port] }]);
  fixture.plane.updateEndpoints(update.endpoints);
  assert.equal(await client.ask("2", fixture.port), "b:2");
  await fixture.plane.apply(model([{ name: "other", ports: [c.port] }]));
  assert.equal(await client.ask("3", fixture.port), "c:3");
  assert.equal(fixture.records.length, 0, "it is one session all the while");
});

test("a session keeps its socket over a reload that leaves its backend alone", async () => {
  await using backend = await echo("a");
  await using client = await UdpPeer.open();
  await using fixture = await startUdp([{ name: "dns", ports: [backend.port] }]);
  await client.ask("1", fixture.port);
  await fixture.plane.apply(model([{ name: "dns", ports: [backend.port] }]));
  await client.ask("2", fixture.port);
  assert.equal(backend.from[0], backend.from[1]);
});

test("an endpoint that answers with ICMP errors is left for another one, and the listener goes on", async () => {
  const gone = await UdpPeer.open();
  const goneport = gone.port;
  await gone[Symbol.asyncDispose]();
  await using backend = await echo("up");
  await using fixture = await startUdp([{ name: "dns", ports: [goneport, backend.port] }]);
  await using client = await UdpPeer.open();
  // Datagrams may be lost while nobody knows yet; clients of UDP ask again.
  const timer = setInterval(() => client.send("?", fixture.port), 5);
  try {
    assert.equal(await client.got(1), "up:?");
  } finally {
    clearInterval(timer);
  }
});

test("datagrams are dropped and counted without a route, a valid backend, or an endpoint", async () => {
  for (const backends of [undefined, [{ name: "gone" }], [{ name: "empty", ports: [] }]]) {
    await using fixture = await startUdp(backends);
    await using client = await UdpPeer.open();
    client.send("x", fixture.port);
    await eventually(() => metric(fixture, "gateway_udp_dropped_datagrams_total") === 1);
  }
});

test("sessions of a removed listener get their replies, then end; a listener that comes back keeps its port", async () => {
  await using backend = await echo("a");
  await using client = await UdpPeer.open();
  await using fixture = await startUdp([{ name: "dns", ports: [backend.port] }], {
    limits: { drainTimeoutMs: 20_000 },
  });
  const { port } = fixture;
  await client.ask("1", port);
  const upstreamPort = backend.from[0]!;
  await fixture.plane.apply(buildStreams([]));
  backend.socket.send("late", upstreamPort, "127.0.0.1");
  assert.equal(await client.got(2), "late");
  const report = await fixture.plane.apply(model([{ name: "dns", ports: [backend.port] }]));
  assert.deepEqual(report.listeners["Gateway/demo/streams/udp-0"], { state: "programmed", address: "127.0.0.1", port });
  assert.equal(await client.ask("2", port), "a:2");
});

test("TCP and UDP listeners have ports of their own", async () => {
  await using backend = await echo("a");
  await using client = await UdpPeer.open();
  await using fixture = await startPlane(
    buildStreams([
      { protocol: "TCP", port: 80, backends: [] },
      { protocol: "UDP", port: 80, backends: [{ name: "dns", ports: [backend.port] }] },
    ]),
  );
  const report = await fixture.plane.apply(
    buildStreams([
      { protocol: "TCP", port: 80, backends: [] },
      { protocol: "UDP", port: 80, backends: [{ name: "dns", ports: [backend.port] }] },
    ]),
  );
  const [tcp, udp] = ["tcp-0", "udp-1"].map((name) => report.listeners[`Gateway/demo/streams/${name}`]);
  assert.equal(tcp?.state, "programmed");
  assert.ok(udp?.state === "programmed");
  assert.equal(await client.ask("x", udp.port), "a:x");
});
