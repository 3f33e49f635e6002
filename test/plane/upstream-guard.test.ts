/** Whoever writes an EndpointSlice or a name must not reach the gateway's own machine or the cloud's metadata service. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { askStream } from "./ask-stream.ts";
import { eventually } from "./eventually.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { RawUpstream } from "./raw-upstream.ts";
import { buildStreams } from "./stream-model.ts";
import { UdpPeer } from "./udp-peer.ts";

const refusing = { allowedUpstream: [] };

test("an HTTP backend on a loopback address is never dialled unless that is allowed", async () => {
  await using upstream = await RawUpstream.start(() => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const update = buildUpdate([
    { name: "http", port: 80, rules: [{ name: "a", backends: [{ name: "a", ports: [upstream.port] }] }] },
  ]);
  for (const address of ["127.0.0.1", "::ffff:127.0.0.1", "localhost"]) {
    const endpoints = { "demo/a:80": [{ address, port: upstream.port }] };
    await using refused = await startPlane({ ...update, endpoints }, refusing);
    assert.equal((await exchange(refused.port, get("/"))).status, 502, address);
    assert.equal(refused.records[0]?.responseFlag, "UAR");
    await using allowed = await startPlane({ ...update, endpoints });
    assert.equal((await exchange(allowed.port, get("/"))).status, 200, address);
  }
  assert.equal(upstream.connections, 3);
});

test("neither is a TCP backend, by address or by name", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => socket.end("reached"));
  for (const address of ["127.0.0.1", "localhost"]) {
    const endpoints = [{ address, port: upstream.port }];
    const update = buildStreams([{ protocol: "TCP", port: 80, backends: [{ name: "a", endpoints }] }]);
    await using refused = await startPlane(update, refusing);
    assert.equal(await askStream(refused.port), "reset");
    assert.equal(refused.records[0]?.responseFlag, "UAR");
    await using allowed = await startPlane(update);
    assert.equal(await askStream(allowed.port), "reached");
  }
});

test("neither is a UDP backend, by address or by name", async () => {
  await using backend = await UdpPeer.open(() => "reached");
  for (const address of ["127.0.0.1", "localhost"]) {
    const endpoints = [{ address, port: backend.port }];
    const update = buildStreams([{ protocol: "UDP", port: 80, backends: [{ name: "a", endpoints }] }]);
    await using refused = await startPlane(update, { ...refusing, limits: { udpIdleMs: 30 } });
    await using client = await UdpPeer.open();
    client.send("x", refused.port);
    await eventually(() => refused.records.length === 1);
    assert.deepEqual([refused.records[0]?.upstream, refused.records[0]?.responseFlag], ["", "UAR"]);
    await using allowed = await startPlane(update);
    assert.equal(await client.ask("x", allowed.port), "reached");
  }
  assert.equal(backend.received.length, 2);
});
