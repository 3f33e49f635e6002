import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "../../src/ir/cluster.ts";
import type { PlaneUpdate } from "../../src/ir/plane.ts";
import { eventually } from "./eventually.ts";
import { buildUpdate } from "./model-builder.ts";
import { type PlaneFixture, startPlane } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { buildStreams } from "./stream-model.ts";
import { root, type Secrets } from "./tls-model.ts";

/** So long that whoever waits for it does not end within a test. */
const connectTimeoutMs = 3_600_000;

const secrets: Secrets = new Map([["ca", { kind: "ca", bundlePem: root.certPem }]]);
const tls = {
  hostname: "backend.test",
  ca: [{ kind: "bundle" as const, key: "ca", fingerprint: "ca" }],
  subjectAltNames: [],
};

/** Accepts and says nothing: it is still being dialled where TLS or HTTP/2 is to be agreed on. */
function startSilent(): Promise<RawUpstream> {
  return RawUpstream.startRaw((socket) => socket.resume().on("end", () => socket.end()));
}

const web = (ports: readonly number[], cluster: Partial<Cluster>): PlaneUpdate =>
  buildUpdate(
    [
      {
        name: "http",
        port: 80,
        rules: [{ name: "app", backends: [{ name: "app", ports, cluster, traffic: { connectTimeoutMs } }] }],
      },
    ],
    secrets,
  );

const dialled = ({ telemetry }: PlaneFixture, port: string, result: string): number =>
  telemetry.registry.counter("gateway_upstream_connects_total", "demo", "app", port, result).value;

const dialling: readonly (readonly [title: string, cluster: Partial<Cluster>])[] = [
  ["HTTP/1.1 over TLS", { tls }],
  ["HTTP/2", { protocol: "http2" }],
  ["HTTP/2 over TLS", { protocol: "http2", tls }],
];

for (const [title, cluster] of dialling) {
  for (const how of ["endpoints alone change", "the configuration changes"] as const) {
    test(`an endpoint that leaves while it is dialled (${title}) is given up for another as ${how}`, async () => {
      await using silent = await startSilent();
      await using other = await startSilent();
      await using gateway = await startPlane(web([silent.port], cluster));
      await using client = await RawClient.connect(gateway.port);
      client.send(get("/"));
      await eventually(() => silent.connections === 1);
      const next = web([other.port], cluster);
      if (how === "endpoints alone change") gateway.plane.updateEndpoints(next.endpoints);
      else await gateway.plane.apply(next);
      await eventually(() => silent.open === 0 && other.connections === 1);
      assert.equal(dialled(gateway, "80", "endpointGone"), 1);

      gateway.plane.updateEndpoints(web([], cluster).endpoints);
      assert.equal((await client.response()).status, 503, "nothing is left to ask");
      assert.equal(dialled(gateway, "80", "endpointGone"), 2);
    });
  }
}

test("an endpoint that leaves while it is dialled costs its requests nothing when another answers", async () => {
  await using silent = await startSilent();
  await using good = await RawUpstream.start(() => ok("good"));
  // More endpoints leave, one after the other, than an attempt may fail to reach.
  const gone = await Promise.all([1, 2, 3, 4].map(() => startSilent()));
  try {
    const gateway = await startPlane(web([silent.port], { tls }));
    await using _ = gateway;
    await using client = await RawClient.connect(gateway.port);
    client.send(get("/"));
    await eventually(() => silent.connections === 1);
    for (const next of gone) {
      gateway.plane.updateEndpoints(web([next.port], {}).endpoints);
      await eventually(() => next.connections === 1);
    }
    await gateway.plane.apply(web([good.port], {}));
    assert.equal((await client.response()).body, "good");
    assert.deepEqual([gateway.records[0]!.statusCode, gateway.records[0]!.responseFlag], [200, "-"]);
  } finally {
    for (const upstream of gone) await upstream[Symbol.asyncDispose]();
  }
});

test("a backend that is no longer routed to does not break off what is being dialled", async () => {
  let refuse = (): void => {};
  await using slow = await RawUpstream.startRaw((socket) => {
    refuse = () => socket.destroy();
  });
  await using gateway = await startPlane(web([slow.port], { tls }));
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  await eventually(() => slow.connections === 1);
  const elsewhere = buildUpdate([
    { name: "http", port: 80, rules: [{ name: "other", backends: [{ name: "other" }] }] },
  ]);
  await gateway.plane.apply(elsewhere);
  assert.equal((await exchange(gateway.port, get("/"))).status, 500, "the new route is in force");
  assert.deepEqual([slow.open, dialled(gateway, "80", "endpointGone")], [1, 0]);
  refuse();
  assert.equal((await client.response()).status, 502);
});

test("a stream's endpoint that leaves while it is dialled is given up for another", async () => {
  await using silent = await startSilent();
  await using other = await startSilent();
  const streams = (port: number): PlaneUpdate =>
    buildStreams(
      [
        {
          protocol: "TCP",
          port: 80,
          backends: [{ name: "app", ports: [port], cluster: { tls }, traffic: { connectTimeoutMs } }],
        },
      ],
      secrets,
    );
  await using gateway = await startPlane(streams(silent.port));
  await using client = await RawClient.connect(gateway.port);
  await eventually(() => silent.connections === 1);
  gateway.plane.updateEndpoints(streams(other.port).endpoints);
  await eventually(() => silent.open === 0 && other.connections === 1);
  assert.equal(dialled(gateway, "1", "endpointGone"), 1);
  assert.equal(client.socket.destroyed, false);
});
