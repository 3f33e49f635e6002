/** What becomes of clients that are not yet served when a listener ends. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { Worker } from "node:worker_threads";
import { makeCertificate } from "../test-certificate.ts";
import type { StormOptions, StormResult } from "./connect-storm.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane, startProxy } from "./plane-fixture.ts";
import { exchange, get, RawClient, refused } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { buildStreams } from "./stream-model.ts";
import { httpsListener, root, type Secrets, terminate } from "./tls-model.ts";

test("drain: of thousands of clients that keep connecting, each is answered or refused, and none in the queue is reset", async () => {
  await using upstream = await RawUpstream.start(() => ok("here"));
  const gateway = await startProxy([upstream.port]);
  const { port } = gateway;
  const options: StormOptions = { port, width: 256, tellAfter: 3_000 };
  const storm = new Worker(new URL("./connect-storm.ts", import.meta.url), { workerData: options });
  const [told] = (await once(storm, "message")) as [unknown];
  assert.equal(told, "under way");
  const drained = gateway.plane.drain(30_000);
  const [result] = (await once(storm, "message")) as [StormResult];
  const broken = Object.values(result.broken).reduce((sum, count) => sum + count, 0);
  // Whoever is between its first packet and its last when the socket closes is in no queue that could be emptied.
  assert.ok(broken <= 1, JSON.stringify(result));
  assert.ok(result.answered >= 3_000 && result.refused > 0, JSON.stringify(result));
  await drained;
  await gateway[Symbol.asyncDispose]();
});

test("drain: a listener that is opened again does not find its own socket in the way", async () => {
  await using upstream = await RawUpstream.start(() => ok("here"));
  const port = await freePort();
  await using gateway = await startProxy([upstream.port], { mapPort: () => port });
  const { plane } = gateway;
  const update = () =>
    buildUpdate([
      { name: "http", port: 80, rules: [{ name: "app", backends: [{ name: "app", ports: [upstream.port] }] }] },
    ]);
  await plane.apply(buildUpdate([]));
  const report = await plane.apply(update());
  assert.equal(report.listeners["Gateway/demo/web/http"]?.state, "programmed");
  assert.equal((await exchange(port, get("/"))).body, "here");
});

test("drain: a client in its TLS handshake is served", async () => {
  await using upstream = await RawUpstream.start(() => ok("here"));
  const secrets: Secrets = new Map();
  const certificate = makeCertificate({ names: ["app.example.test"], issuer: root });
  const tls = terminate(secrets, [[certificate, ["app.example.test"]]]);
  const gateway = await startPlane(buildUpdate([httpsListener("a", "app.example.test", tls, upstream.port)], secrets));
  const port = gateway.plane.boundPort(443)!;
  const raw = await RawClient.connect(port);
  const drained = gateway.plane.drain(30_000);
  await refused(port);
  const secure = connectTls({ socket: raw.socket, ca: root.certPem, servername: "app.example.test" });
  await once(secure, "secureConnect");
  const client = new RawClient(secure);
  client.send(get("/"));
  const response = await client.response();
  assert.deepEqual([response.body, response.headers.get("connection")], ["here", "close"]);
  secure.end();
  await drained;
  await gateway[Symbol.asyncDispose]();
});

test("drain: a stream in its TLS handshake is served, to the deadline at most", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => socket.pipe(socket));
  const secrets: Secrets = new Map();
  const certificate = makeCertificate({ names: ["app.example.test"], issuer: root });
  const tls = terminate(secrets, [[certificate, ["app.example.test"]]]);
  const routes = { "*": [{ name: "echo", ports: [upstream.port] }] };
  const gateway = await startPlane(buildStreams([{ protocol: "TLS", port: 80, tls, routes }], secrets));
  const { port } = gateway;
  const raw = await RawClient.connect(port);
  const drained = gateway.plane.drain(500);
  await refused(port);
  const secure = connectTls({ socket: raw.socket, ca: root.certPem, servername: "app.example.test" });
  await once(secure, "secureConnect");
  const client = new RawClient(secure);
  client.send("echo");
  assert.equal(await client.bytes(4), "echo");
  await drained;
  await client.ending();
  await gateway[Symbol.asyncDispose]();
});

async function freePort(): Promise<number> {
  await using upstream = await RawUpstream.startRaw(() => {});
  return upstream.port;
}
