import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { Cluster } from "../ir/cluster.ts";
import type { Endpoint } from "../ir/endpoint-table.ts";
import type { RoutingModel } from "../ir/routing-model.ts";
import { defaultTrafficSettings } from "../ir/traffic-settings.ts";
import { StubBackends } from "./stub-backends.ts";

function cluster(name: string, protocol: Cluster["protocol"] = "http1"): Cluster {
  return {
    key: `shop/${name}:80`,
    from: { kind: "HTTPRoute", namespace: "shop", name: "r", pointer: "" },
    namespace: "shop",
    name,
    port: 80,
    endpoints: `shop/${name}:80`,
    protocol,
    traffic: { ...defaultTrafficSettings, connectTimeoutMs: 1000 },
  };
}

function model(...clusters: readonly Cluster[]): RoutingModel {
  return { gateways: [], clusters: Object.fromEntries(clusters.map((row) => [row.key, row])) };
}

async function ask(
  endpoint: Endpoint,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: string } = {},
) {
  const { body = "", ...rest } = options;
  const sent = request({ host: endpoint.address, port: endpoint.port, path: "/", ...rest, agent: false });
  sent.end(body);
  const [response] = await once(sent, "response");
  return { status: response.statusCode as number, body: await text(response) };
}

test("fill() opens a stand-in for a Service without endpoints, and it tells which request reached it", async () => {
  await using stubs = new StubBackends();
  const filled = await stubs.fill(model(cluster("cart")), {});
  const endpoint = filled["shop/cart:80"]?.[0];
  assert.ok(endpoint);
  const answer = await ask(endpoint, {
    method: "POST",
    path: "/a?b=c",
    headers: { Host: "x.example", "X-One": "1" },
    body: "12345",
  });
  const echoed = JSON.parse(answer.body);
  assert.equal(answer.status, 200);
  assert.deepEqual([echoed.service, echoed.namespace, echoed.port], ["cart", "shop", 80]);
  assert.deepEqual([echoed.request.method, echoed.request.path, echoed.request.host], ["POST", "/a?b=c", "x.example"]);
  assert.equal(echoed.request.headers["x-one"], "1");
  assert.equal(echoed.request.bodyBytes, 5);
});

test("fill() leaves real endpoints alone and keeps a stand-in's port from one call to the next", async () => {
  await using stubs = new StubBackends();
  const real = [{ address: "10.0.0.1", port: 8080 }];
  const first = await stubs.fill(model(cluster("real"), cluster("cart")), { "shop/real:80": real });
  const second = await stubs.fill(model(cluster("cart")), { "shop/cart:80": [] });
  assert.equal(first["shop/real:80"], real);
  assert.deepEqual(second["shop/cart:80"], first["shop/cart:80"]);
});

test("a stand-in fails and delays as the request asks", async () => {
  await using stubs = new StubBackends();
  const [endpoint] = (await stubs.fill(model(cluster("cart")), {}))["shop/cart:80"] ?? [];
  assert.ok(endpoint);
  assert.equal((await ask(endpoint, { headers: { "x-stub-status": "503" } })).status, 503);
  assert.equal((await ask(endpoint, { headers: { "x-stub-status": "999" } })).status, 200);
  assert.equal((await ask(endpoint, { headers: { "x-stub-delay-ms": "1" } })).status, 200);
  assert.equal((await ask(endpoint, { method: "HEAD" })).body, "");
});

test("a stand-in echoes WebSocket messages, long ones too, and closes when asked to", async () => {
  await using stubs = new StubBackends();
  const [endpoint] = (await stubs.fill(model(cluster("ws")), {}))["shop/ws:80"] ?? [];
  assert.ok(endpoint);
  const socket = new WebSocket(`ws://127.0.0.1:${endpoint.port}/chat`);
  await once(socket, "open");
  for (const message of ["hello", "", "é".repeat(200), "x".repeat(100_000)]) {
    socket.send(message);
    const [event] = await once(socket, "message");
    assert.equal(event.data, message);
  }
  socket.close(1000);
  const [closed] = await once(socket, "close");
  assert.equal(closed.code, 1000);
});

test("a stand-in refuses a WebSocket frame without a mask with close code 1002", async () => {
  await using stubs = new StubBackends();
  const [endpoint] = (await stubs.fill(model(cluster("ws")), {}))["shop/ws:80"] ?? [];
  assert.ok(endpoint);
  const socket = connect({ host: endpoint.address, port: endpoint.port });
  socket.write(
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  socket.write(Buffer.of(0x81, 0x01, 0x61));
  const received = Buffer.concat(await socket.toArray());
  const head = received.indexOf("\r\n\r\n");
  assert.match(
    received.toString("latin1", 0, head),
    /^HTTP\/1.1 101 [\s\S]*sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/,
  );
  assert.deepEqual([...received.subarray(head + 4)], [0x88, 0x02, 0x03, 0xea]);
});

test("a stand-in for a stream echoes bytes", async () => {
  await using stubs = new StubBackends();
  const [endpoint] = (await stubs.fill(model(cluster("db", "tcp")), {}))["shop/db:80"] ?? [];
  assert.ok(endpoint);
  const socket = connect({ host: endpoint.address, port: endpoint.port });
  socket.end("any bytes \u0000");
  assert.equal(Buffer.concat(await socket.toArray()).toString(), "any bytes \u0000");
});

test("a stand-in for datagrams sends each one back", async () => {
  await using stubs = new StubBackends();
  const [endpoint] = (await stubs.fill(model(cluster("dns", "udp")), {}))["shop/dns:80"] ?? [];
  assert.ok(endpoint);
  const socket = createSocket("udp4");
  try {
    for (const text of ["one", "", "three"]) {
      socket.send(text, endpoint.port, endpoint.address);
      const [bytes] = await once(socket, "message");
      assert.equal(String(bytes), text);
    }
  } finally {
    socket.close();
  }
});
