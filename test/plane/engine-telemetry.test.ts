import assert from "node:assert/strict";
import { test } from "node:test";
import { renderExposition } from "../../src/telemetry/exposition.ts";
import { startProxy, startRules } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

test("telemetry: the access record says what became of a request", async () => {
  await using upstream = await RawUpstream.start(() => ok("hello"));
  await using gateway = await startRules(
    [
      {
        name: "shop",
        labels: { tenant: "blue" },
        match: { path: { kind: "prefix", value: "/shop" } },
        backends: [{ name: "cart", ports: [upstream.port] }],
      },
    ],
    { environment: { header: "x-env", label: "environment" } },
  );
  const request = get("/shop/a?secret=1", "User-Agent: tester\r\nX-Env: staging\r\nX-Request-Id: r1\r\n");
  await exchange(gateway.port, request);
  const [record] = gateway.records;
  const { startMs, durationMs, upstreamDurationMs, traceId, bytesOut } = record!;
  assert.partialDeepStrictEqual(record, {
    labels: {
      gateway_name: "web",
      gateway_namespace: "demo",
      listener: "http",
      route_kind: "HTTPRoute",
      route_namespace: "demo",
      route_name: "shop",
      rule: "0",
      backend_name: "cart",
    },
    hostname: "app.example.test",
    method: "GET",
    path: "/shop/a",
    protocol: "HTTP/1.1",
    statusCode: 200,
    bytesIn: request.length,
    sourceIp: "127.0.0.1",
    userAgent: "tester",
    upstream: `127.0.0.1:${upstream.port}`,
    responseFlag: "-",
    requestId: "r1",
    tenant: "blue",
    environment: "staging",
  });
  assert.ok(durationMs >= upstreamDurationMs && upstreamDurationMs >= 0);
  assert.ok(bytesOut > 5 && startMs > 0);
  assert.match(traceId, /^[0-9a-f]{32}$/);
});

test("telemetry: requests, connections and retries are counted", async () => {
  const answers = ["HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"];
  await using upstream = await RawUpstream.start(() => answers.pop() ?? ok("x"));
  const retry = { attempts: 1, codes: [503], backoffMs: 0 };
  await using gateway = await startProxy([upstream.port], {}, { retry });
  await using client = await RawClient.connect(gateway.port);
  for (let i = 0; i < 3; i++) {
    client.send(get("/"));
    await client.response();
  }
  await exchange(gateway.port, "BROKEN\r\n\r\n");
  const text = [...renderExposition(gateway.telemetry.registry, "prometheus")].join("");
  const listener = 'gateway_name="web",gateway_namespace="demo",listener="http"';
  const route = `${listener},route_kind="HTTPRoute",route_namespace="demo",route_name="app",rule="0",backend_name="app"`;
  for (const line of [
    `gateway_http_requests_total{${route},method="GET",status="200"} 3`,
    `gateway_http_request_duration_seconds_count{${route}} 3`,
    `gateway_http_requests_active{${listener}} 0`,
    `gateway_http_rejected_requests_total{${listener},reason="DPE"} 1`,
    `gateway_downstream_connections_total{${listener},protocol="http"} 2`,
    `gateway_upstream_connections{backend_namespace="demo",backend_name="app",backend_port="80",state="idle"} 1`,
    `gateway_upstream_connections{backend_namespace="demo",backend_name="app",backend_port="80",state="active"} 0`,
  ]) {
    assert.ok(text.split("\n").includes(line), line);
  }
  assert.match(text, /gateway_http_retries_total\{[^}]*reason="503"\} 1/);
});

test("EmbeddedPlane: an exception costs one request and is told", async () => {
  await using upstream = await RawUpstream.start(() => ok("x"));
  let calls = 0;
  const bugs: unknown[] = [];
  await using gateway = await startProxy(
    [],
    {
      random: () => {
        if (calls++ === 0) throw new Error("bug");
        return 0;
      },
      onBug: (error) => bugs.push(error),
    },
    { backends: [{ name: "app", ports: [upstream.port, upstream.port], traffic: { loadBalancing: "leastRequest" } }] },
  );
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  const response = await client.response();
  assert.equal(response.status, 500);
  assert.equal(gateway.records[0]!.responseFlag, "IE");
  client.send(get("/"));
  assert.equal((await client.response()).status, 200);
  assert.deepEqual(
    bugs.map((error) => (error as Error).message),
    ["bug"],
  );
});
