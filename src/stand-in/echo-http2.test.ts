import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { RoutingModel } from "../ir/routing-model.ts";
import { defaultTrafficSettings } from "../ir/traffic-settings.ts";
import { StubBackends } from "./stub-backends.ts";

const routing: RoutingModel = {
  gateways: [],
  clusters: {
    "shop/cart:80": {
      key: "shop/cart:80",
      from: { kind: "GRPCRoute", namespace: "shop", name: "r", pointer: "" },
      namespace: "shop",
      name: "cart",
      port: 80,
      endpoints: "shop/cart:80",
      protocol: "http2",
      traffic: { ...defaultTrafficSettings, connectTimeoutMs: 1000 },
    },
  },
};

async function connectTo(stubs: StubBackends): Promise<ClientHttp2Session> {
  const [endpoint] = (await stubs.fill(routing, {}))["shop/cart:80"] ?? [];
  assert.ok(endpoint);
  return connect(`http://127.0.0.1:${endpoint.port}`);
}

test("a stand-in answers requests of HTTP/2 as it answers those of HTTP/1.1", async () => {
  await using stubs = new StubBackends();
  const session = await connectTo(stubs);
  const stream = session.request({ ":method": "POST", ":path": "/a?b=c", ":authority": "x.example", "x-one": "1" });
  stream.end("12345");
  const { service, request } = JSON.parse(await text(stream));
  session.destroy();
  assert.equal(service, "cart");
  assert.deepEqual(request, {
    method: "POST",
    path: "/a?b=c",
    host: "x.example",
    headers: { "x-one": "1" },
    bodyBytes: 5,
  });
});

test("a stand-in echoes the messages of a gRPC call as they come, and ends it with the status that is asked for", async () => {
  await using stubs = new StubBackends();
  const session = await connectTo(stubs);
  const stream = session.request({
    ":method": "POST",
    ":path": "/shop.Cart/Add",
    "content-type": "application/grpc+proto",
    "x-stub-grpc-status": "5",
  });
  const head = once(stream, "response");
  let trailers: IncomingHttpHeaders = {};
  stream.on("trailers", (fields) => {
    trailers = fields;
  });
  for (const message of ["one", "two"]) {
    stream.write(message);
    const [echoed] = await once(stream, "data");
    assert.equal(String(echoed), message);
  }
  stream.end();
  stream.resume();
  await once(stream, "close");
  session.destroy();
  assert.equal((await head)[0]["x-stub-service"], "shop/cart:80");
  assert.equal(trailers["grpc-status"], "5");
});
