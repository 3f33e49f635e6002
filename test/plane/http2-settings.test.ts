import assert from "node:assert/strict";
import { test } from "node:test";
import type { Http2Settings } from "../../src/ir/traffic/connection-settings.ts";
import { eventually } from "./eventually.ts";
import { Http2Server } from "./http2-upstream-server.ts";
import { type PlaneFixture, startProxy } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { RawUpstream } from "./raw-upstream.ts";
import { traffic } from "./traffic-model.ts";

const none: Http2Settings = {
  maxConcurrentStreams: 0,
  streamWindowBytes: 0,
  connectionWindowBytes: 0,
  pingAfterMs: 0,
  pingTimeoutMs: 0,
};

function start(port: number, http2: Partial<Http2Settings>): Promise<PlaneFixture> {
  const connections = { maxRequests: 0, maxAgeMs: 0, idleMs: 0, http2: { ...none, ...http2 } };
  const cluster = { protocol: "http2", traffic: traffic({ connections }) } as const;
  return startProxy([], {}, { backends: [{ name: "app", ports: [port], cluster }] });
}

test("http2: an endpoint is told the windows of the policy", async () => {
  await using upstream = await Http2Server.start(({ stream }) => {
    stream.respond({ ":status": 200 });
    stream.end("ok");
  });
  await using gateway = await start(upstream.port, { streamWindowBytes: 131_072, connectionWindowBytes: 262_144 });
  assert.equal((await exchange(gateway.port, get("/"))).body, "ok");
  const [session] = upstream.sessions;
  assert.equal(session!.remoteSettings.initialWindowSize, 131_072);
  assert.ok((session!.state.remoteWindowSize ?? 0) > 250_000);
});

test("http2: no more than maxConcurrentStreams requests share a connection", async () => {
  await using upstream = await Http2Server.start(() => {});
  await using gateway = await start(upstream.port, { maxConcurrentStreams: 2 });
  await using clients = new AsyncDisposableStack();
  for (let run = 0; run < 5; run++) clients.use(await RawClient.connect(gateway.port)).send(get("/"));
  await eventually(() => upstream.requests.length === 5);
  assert.equal(upstream.connections, 3);
});

test("http2: an endpoint that gives no sign of life is given up after the time of the policy", async () => {
  // SETTINGS, and nothing after it.
  const settings = Buffer.from("000000040000000000", "hex");
  await using upstream = await RawUpstream.startRaw((socket) => {
    socket.once("data", () => socket.write(settings));
    socket.resume();
  });
  await using gateway = await start(upstream.port, { pingAfterMs: 30, pingTimeoutMs: 30 });
  assert.equal((await exchange(gateway.port, get("/"))).status, 504);
});
