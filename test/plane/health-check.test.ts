import assert from "node:assert/strict";
import { test } from "node:test";
import type { HealthCheck, HealthProbe } from "../../src/ir/traffic/health-check.ts";
import { ProtobufWriter } from "../../src/wire/protobuf.ts";
import { eventually } from "./eventually.ts";
import { frame } from "./grpc-call.ts";
import { Http2Server } from "./http2-upstream-server.ts";
import { buildUpdate, type TestRule } from "./model-builder.ts";
import { type PlaneFixture, startPlane, startProxy } from "./plane-fixture.ts";
import { exchange, get } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { traffic } from "./traffic-model.ts";

const http: HealthProbe = {
  kind: "http",
  hostname: "",
  path: "/healthz",
  method: "GET",
  expectedStatuses: [200],
  retriableStatuses: [],
  content: "",
  expectedContent: "",
};
const policy = (probe: HealthProbe, changes: Partial<HealthCheck> = {}) =>
  traffic({
    panicPercent: 0,
    healthCheck: {
      intervalMs: 10,
      initialJitterMs: 0,
      timeoutMs: 1_000,
      unhealthyThreshold: 1,
      healthyThreshold: 1,
      port: 0,
      probe,
      ...changes,
    },
  });

const standings = (gateway: PlaneFixture): string =>
  gateway.plane
    .upstreams()
    .flatMap(({ endpoints }) => endpoints.map(({ standing }) => standing))
    .join(" ");

/** A backend that fails its checks while `sick` says so, and counts them. */
async function backend(name: string) {
  const about = { sick: false, checks: 0 };
  const upstream = await RawUpstream.start(({ head }) => {
    if (!head.startsWith("GET /healthz ")) return ok(name);
    about.checks++;
    return about.sick ? "HTTP/1.1 503 Sick\r\nContent-Length: 0\r\n\r\n" : ok("");
  });
  return { about, upstream };
}

test("healthCheck: an endpoint that fails its checks gets no requests until it passes them again", async () => {
  const { about, upstream: one } = await backend("one");
  const { upstream: two } = await backend("two");
  await using _one = one;
  await using _two = two;
  const cluster = { traffic: policy(http) };
  await using gateway = await startProxy([], {}, { backends: [{ name: "app", ports: [one.port, two.port], cluster }] });
  await eventually(() => standings(gateway) === "fit fit");
  about.sick = true;
  await eventually(() => standings(gateway) === "unhealthy fit");
  assert.equal(gateway.plane.upstreams()[0]!.endpoints[0]!.reason, "the status is 503");
  for (let run = 0; run < 6; run++) assert.equal((await exchange(gateway.port, get("/"))).body, "two");
  about.sick = false;
  await eventually(() => standings(gateway) === "fit fit");
  const bodies = new Set<string>();
  for (let run = 0; run < 4; run++) bodies.add((await exchange(gateway.port, get("/"))).body);
  assert.deepEqual([...bodies].toSorted(), ["one", "two"]);
});

test("healthCheck: nobody is asked when nobody is healthy and panicThreshold is 0", async () => {
  const { about, upstream } = await backend("app");
  await using _ = upstream;
  about.sick = true;
  const cluster = { traffic: policy(http) };
  await using gateway = await startProxy([], {}, { backends: [{ name: "app", ports: [upstream.port], cluster }] });
  await eventually(() => standings(gateway) === "unhealthy");
  assert.equal((await exchange(gateway.port, get("/"))).status, 503);
  assert.equal(gateway.records.at(-1)!.responseFlag, "UH");
});

test("healthCheck: another port is asked where the policy names one", async () => {
  const { upstream: app } = await backend("app");
  const { about, upstream: side } = await backend("side");
  await using _app = app;
  await using _side = side;
  const cluster = { traffic: policy(http, { port: side.port }) };
  await using gateway = await startProxy([], {}, { backends: [{ name: "app", ports: [app.port], cluster }] });
  await eventually(() => about.checks > 1);
  assert.equal(app.requests.length, 0);
  assert.equal((await exchange(gateway.port, get("/"))).body, "app");
});

test("healthCheck: an endpoint of HTTP/2 is asked over HTTP/2, and one with gRPC by its own protocol", async () => {
  let serving = 1;
  await using upstream = await Http2Server.start(({ stream, headers }) => {
    if (headers[":path"] === "/healthz") {
      stream.respond({ ":status": 200 }, { endStream: true });
      return;
    }
    assert.equal(headers[":path"], "/grpc.health.v1.Health/Check");
    const answer = new ProtobufWriter().varint(1, serving).finish();
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.end(frame(answer.latin1Slice()));
  });
  const start = (probe: HealthProbe) =>
    startProxy(
      [],
      {},
      { backends: [{ name: "app", ports: [upstream.port], cluster: { protocol: "http2", traffic: policy(probe) } }] },
    );
  await using overHttp = await start(http);
  await eventually(() => standings(overHttp) === "fit");
  await using overGrpc = await start({ kind: "grpc", service: "shop.Cart" });
  await eventually(() => standings(overGrpc) === "fit");
  serving = 2;
  await eventually(() => standings(overGrpc) === "unhealthy");
  assert.equal(overGrpc.plane.upstreams()[0]!.endpoints[0]!.reason, "the service is NOT_SERVING");
});

test("healthCheck: checks end with the policy, and their connections too", async () => {
  const { about, upstream } = await backend("app");
  await using _ = upstream;
  const update = (rule: Partial<TestRule["backends"][number]>) =>
    buildUpdate([
      {
        name: "http",
        port: 80,
        rules: [{ name: "app", backends: [{ name: "app", ports: [upstream.port], ...rule }] }],
      },
    ]);
  await using gateway = await startPlane(update({ cluster: { traffic: policy(http) } }));
  await eventually(() => about.checks > 2);
  await gateway.plane.apply(update({}));
  await eventually(() => upstream.open === 0);
  const { checks } = about;
  await new Promise((later) => setTimeout(later, 50));
  assert.equal(about.checks, checks);
  assert.equal((await exchange(gateway.port, get("/"))).body, "app");
});
