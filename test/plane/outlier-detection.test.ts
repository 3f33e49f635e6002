import assert from "node:assert/strict";
import { test } from "node:test";
import type { OutlierDetection } from "../../src/ir/traffic/outlier-detection.ts";
import type { PolicyTraffic } from "../../src/ir/traffic/policy-traffic.ts";
import { frame, GrpcClient } from "./grpc-call.ts";
import { Http2Server } from "./http2-upstream-server.ts";
import { buildUpdate } from "./model-builder.ts";
import { type PlaneFixture, startPlane, startProxy } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { outlierDetection, traffic } from "./traffic-model.ts";

const failing = "HTTP/1.1 500 Bad\r\nContent-Length: 0\r\n\r\n";

function start(
  ports: readonly number[],
  detection: Partial<OutlierDetection>,
  changes: Partial<PolicyTraffic> = {},
): Promise<PlaneFixture> {
  const policy = traffic({ outlierDetection: { ...outlierDetection, ...detection }, ...changes });
  return startProxy([], {}, { backends: [{ name: "app", ports, cluster: { traffic: policy } }] });
}

async function statuses(gateway: PlaneFixture, count: number): Promise<readonly number[]> {
  const all: number[] = [];
  for (let run = 0; run < count; run++) all.push((await exchange(gateway.port, get("/"))).status);
  return all;
}

const ejections = (gateway: PlaneFixture, reason: string): number =>
  gateway.telemetry.registry.counter("gateway_upstream_ejections_total", "demo", "app", "80", reason).value;
const endpoints = (gateway: PlaneFixture, standing: string): number =>
  gateway.telemetry.registry.gauge("gateway_upstream_endpoints", "demo", "app", "80", standing).value;

test("outlierDetection: after five errors in a row an endpoint gets no more requests", async () => {
  await using bad = await RawUpstream.start(() => failing);
  await using good = await RawUpstream.start(() => ok("good"));
  await using gateway = await start([bad.port, good.port], { consecutive5xx: 5 });
  const seen = await statuses(gateway, 40);
  assert.equal(seen.filter((status) => status === 500).length, 5);
  assert.equal(bad.requests.length, 5);
  assert.deepEqual([endpoints(gateway, "fit"), endpoints(gateway, "ejected")], [1, 1]);
  assert.equal(ejections(gateway, "consecutive5xx"), 1);
  const [report] = gateway.plane.upstreams();
  const [first, second] = report!.endpoints;
  assert.deepEqual([first!.standing, first!.reason, second!.standing], ["ejected", "consecutive5xx", "fit"]);
  assert.ok(first!.returnsInMs > 29_000 && first!.returnsInMs <= 30_000);
});

test("outlierDetection: an endpoint that resets is ejected too, and comes back after its time", async () => {
  let broken = true;
  await using bad = await RawUpstream.start(({ socket }) => {
    if (!broken) return ok("back");
    socket.resetAndDestroy();
    return undefined;
  });
  await using good = await RawUpstream.start(() => ok("good"));
  await using gateway = await start([bad.port, good.port], { consecutiveGatewayErrors: 2, baseEjectionMs: 50 });
  await statuses(gateway, 8);
  assert.equal(ejections(gateway, "consecutiveGatewayErrors"), 1);
  assert.equal(bad.requests.length, 2);
  broken = false;
  while (bad.requests.length === 2) await statuses(gateway, 1);
  assert.deepEqual([endpoints(gateway, "fit"), endpoints(gateway, "ejected")], [2, 0]);
});

test("outlierDetection: when too many are out all of them get requests, or none where panicThreshold is 0", async () => {
  await using one = await RawUpstream.start(() => failing);
  await using two = await RawUpstream.start(() => failing);
  await using panicking = await start([one.port, two.port], { consecutive5xx: 1 });
  assert.deepEqual(await statuses(panicking, 4), [500, 500, 500, 500]);
  await using strict = await start([one.port, two.port], { consecutive5xx: 1 }, { panicPercent: 0 });
  assert.deepEqual(await statuses(strict, 3), [500, 500, 503]);
  assert.equal(strict.records.at(-1)!.responseFlag, "UH");
});

test("outlierDetection: a call's outcome in its trailers counts like a status", async () => {
  await using upstream = await Http2Server.start(({ stream }) => {
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "14" }));
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.end(frame(""));
  });
  const policy = traffic({
    outlierDetection: { ...outlierDetection, consecutive5xx: 0, consecutiveGatewayErrors: 2 },
    panicPercent: 0,
  });
  const cluster = { protocol: "http2", traffic: policy } as const;
  await using gateway = await startProxy([], {}, { backends: [{ name: "app", ports: [upstream.port], cluster }] });
  await using client = await GrpcClient.connect(gateway.port);
  const outcomes = [];
  for (let run = 0; run < 3; run++) outcomes.push((await client.call("/demo.Echo/Say")).status);
  assert.deepEqual(outcomes, [14, 14, 14]);
  assert.equal(upstream.requests.length, 2);
  assert.equal(ejections(gateway, "consecutiveGatewayErrors"), 1);
});

test("outlierDetection: an ejection outlasts a change of the configuration", async () => {
  await using bad = await RawUpstream.start(() => failing);
  await using good = await RawUpstream.start(() => ok("good"));
  const policy = traffic({ outlierDetection: { ...outlierDetection, consecutive5xx: 2 } });
  const update = (name: string, connectTimeoutMs: number) =>
    buildUpdate([
      {
        name: "http",
        port: 80,
        rules: [
          {
            name,
            backends: [
              { name: "app", ports: [bad.port, good.port], cluster: { traffic: { ...policy, connectTimeoutMs } } },
            ],
          },
        ],
      },
    ]);
  await using gateway = await startPlane(update("app", 2_000));
  await statuses(gateway, 4);
  assert.equal(bad.requests.length, 2);
  await gateway.plane.apply(update("other", 1_000));
  assert.deepEqual(await statuses(gateway, 6), Array(6).fill(200));
  assert.equal(bad.requests.length, 2);
});

test("outlierDetection: an endpoint that does not answer in the time of the request is ejected", async () => {
  await using stalling = await RawUpstream.start(() => undefined);
  await using good = await RawUpstream.start(() => ok("good"));
  const policy = traffic({ outlierDetection: { ...outlierDetection, consecutive5xx: 2 } });
  await using gateway = await startProxy(
    [],
    {},
    {
      backends: [{ name: "app", ports: [stalling.port, good.port], cluster: { traffic: policy } }],
      timeouts: { requestMs: 500 },
    },
  );
  const seen = await statuses(gateway, 10);
  assert.equal(seen.filter((status) => status === 504).length, 2);
  assert.equal(ejections(gateway, "consecutive5xx"), 1);
});
