/** A listener whose protocol changes keeps its port: what is open ends by the old configuration. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildUpdate } from "./model-builder.ts";
import { startPlane } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { RawUpstream } from "./raw-upstream.ts";
import { buildStreams } from "./stream-model.ts";

test("a port goes from HTTP to TCP and back; open connections of the old kind finish", async () => {
  await using web = await RawUpstream.start(() => "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nweb");
  await using tcp = await RawUpstream.startRaw((socket) => socket.on("data", (bytes) => socket.write(`tcp:${bytes}`)));
  const asHttp = buildUpdate([
    { name: "http", port: 80, rules: [{ name: "web", backends: [{ name: "web", ports: [web.port] }] }] },
  ]);
  const asTcp = buildStreams([{ protocol: "TCP", port: 80, backends: [{ name: "tcp", ports: [tcp.port] }] }]);
  await using fixture = await startPlane(asHttp);
  const { port } = fixture;
  await using keepAlive = await RawClient.connect(port);
  keepAlive.send(get("/"));
  assert.equal((await keepAlive.response()).body, "web");

  const report = await fixture.plane.apply(asTcp);
  assert.deepEqual(Object.values(report.listeners), [{ state: "programmed", address: "127.0.0.1", port }]);
  // A request that was on its way when the port changed is answered, and is the last one.
  keepAlive.send(get("/"));
  assert.equal((await keepAlive.response()).body, "web");
  assert.equal((await keepAlive.ending()).how, "end");
  await using stream = await RawClient.connect(port);
  stream.send("1");
  assert.equal(await stream.bytes(5), "tcp:1");

  await fixture.plane.apply(asHttp);
  assert.equal((await exchange(port, get("/"))).body, "web");
  stream.send("2");
  assert.equal(await stream.bytes(5), "tcp:2");
});

test("two Gateways that disagree about a port: the first one's protocol holds, the other is told", async () => {
  const http = buildUpdate([{ name: "http", port: 80, rules: [] }]);
  const tcp = buildStreams([{ protocol: "TCP", port: 80, backends: [] }]);
  await using fixture = await startPlane(http);
  const routing = { gateways: [...http.routing.gateways, ...tcp.routing.gateways], clusters: {} };
  const report = await fixture.plane.apply({ ...http, routing });
  assert.equal(report.listeners["Gateway/demo/web/http"]?.state, "programmed");
  assert.partialDeepStrictEqual(report.listeners["Gateway/demo/streams/tcp-0"], { state: "failed" });
});

test("a drain of the plane waits for streams and datagrams, at most until its deadline", async () => {
  await using tcp = await RawUpstream.startRaw((socket) => socket.on("data", (bytes) => socket.write(bytes)));
  const fixture = await startPlane(
    buildStreams([
      { protocol: "TCP", port: 80, backends: [{ name: "tcp", ports: [tcp.port] }] },
      { protocol: "TLS", port: 81, tls: { mode: "passthrough" }, routes: {} },
      { protocol: "UDP", port: 82, backends: [{ name: "tcp", ports: [tcp.port] }] },
    ]),
  );
  await using finishing = await RawClient.connect(fixture.port);
  await using staying = await RawClient.connect(fixture.port);
  await using helloless = await RawClient.connect(fixture.plane.boundPort(81) ?? 0);
  finishing.send("1");
  staying.send("1");
  await Promise.all([finishing.bytes(1), staying.bytes(1)]);
  const drained = fixture.plane.drain(200);
  finishing.send("2");
  assert.equal(await finishing.bytes(1), "2");
  finishing.socket.end();
  await drained;
  assert.equal((await staying.ending()).how, "reset");
  assert.equal((await helloless.ending()).left, "");
  await fixture[Symbol.asyncDispose]();
});
