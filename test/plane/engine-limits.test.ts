import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { startProxy } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

test("limits: a head that does not arrive in time is answered with 408, also one of bare line feeds", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy([upstream.port], { settings: { headerTimeoutMs: 30 } });
  for (const start of ["GET / HTTP/1.1\r\nHost: x\r\nX-A", "GET /"]) {
    await using client = await RawClient.connect(gateway.port);
    client.send(start);
    const response = await client.response();
    assert.equal(response.status, 408);
    assert.equal(response.headers.get("connection"), "close");
    assert.equal((await client.ending()).how, "end");
  }
  assert.equal(upstream.requests.length, 0);
});

test("limits: an idle connection is closed without a word", async () => {
  await using upstream = await RawUpstream.start(() => ok("x"));
  await using gateway = await startProxy([upstream.port], { settings: { idleTimeoutMs: 30, headerTimeoutMs: 30 } });
  await using silent = await RawClient.connect(gateway.port);
  assert.deepEqual(await silent.ending(), { how: "end", left: "" });
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  await client.response();
  assert.deepEqual(await client.ending(), { how: "end", left: "" });
});

test("limits: a head above the limit is answered with 431, a target with 414", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy([upstream.port]);
  assert.equal((await exchange(gateway.port, get("/", `X: ${"a".repeat(70_000)}\r\n`))).status, 431);
  assert.equal((await exchange(gateway.port, get(`/${"a".repeat(20_000)}`))).status, 414);
  assert.equal(upstream.requests.length, 0);
});

test("limits: a body above the limit is answered with 413, whatever its framing", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy([upstream.port], { settings: { requestBodyBytes: 5 } });
  const post = "POST / HTTP/1.1\r\nHost: x\r\n";
  assert.equal((await exchange(gateway.port, `${post}Content-Length: 6\r\n\r\nabcdef`)).status, 413);
  assert.equal(
    (await exchange(gateway.port, `${post}Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n`)).status,
    413,
  );
  assert.equal((await exchange(gateway.port, `${post}Content-Length: 5\r\n\r\nabcde`)).status, 200);
});

test("limits: a body that stalls is answered with 408", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy([upstream.port], { settings: { requestStallMs: 30 } });
  await using client = await RawClient.connect(gateway.port);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  assert.equal((await client.response()).status, 408);
  assert.equal(gateway.records[0]!.responseFlag, "DT");
});

test("limits: an upstream that falls silent is answered for with 504", async () => {
  await using upstream = await RawUpstream.start(() => undefined);
  await using gateway = await startProxy([upstream.port], { limits: { responseStallMs: 30 } });
  assert.equal((await exchange(gateway.port, get("/"))).status, 504);
});

test("limits: a connection ends after its number of requests", async () => {
  await using upstream = await RawUpstream.start(() => ok("x"));
  await using gateway = await startProxy([upstream.port], { settings: { requestsPerConnection: 2 } });
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/") + get("/") + get("/"));
  assert.equal((await client.response()).headers.get("connection"), undefined);
  assert.equal((await client.response()).headers.get("connection"), "close");
  assert.deepEqual(await client.ending(), { how: "end", left: "" });
  assert.equal(upstream.requests.length, 2);
});

test("EmbeddedPlane: malformed requests are refused and never reach a backend", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await startProxy([upstream.port]);
  const post = "POST / HTTP/1.1\r\nHost: x\r\n";
  const refused: readonly (readonly [status: number, request: string])[] = [
    [400, `${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    [400, `${post}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`],
    [501, `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    [400, "GET / HTTP/1.1\r\n\r\n"],
    [400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    [400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"],
    [400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"],
    [400, "GET / HTTP/1.1\nHost: a\n\n"],
    [505, "GET / HTTP/3.0\r\nHost: a\r\n\r\n"],
    [400, "GET /../x HTTP/1.1\r\nHost: a\r\n\r\n"],
    [405, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"],
    [417, `${post}Content-Length: 1\r\nExpect: miracles\r\n\r\na`],
  ];
  for (const [status, request] of refused) {
    await using client = await RawClient.connect(gateway.port);
    client.send(request);
    const response = await client.response();
    assert.equal(response.status, status, request);
    assert.equal(response.headers.get("connection"), "close");
    assert.equal((await client.ending()).left, "");
  }
  assert.equal(upstream.requests.length, 0);
});

test("EmbeddedPlane: a bad chunk in the middle of a body ends the exchange and its connections", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => socket.resume());
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n");
  assert.equal((await client.response()).status, 400);
  assert.equal((await client.ending()).how, "end");
});

test("EmbeddedPlane: an own answer keeps the connection when the rest of the request is short", async () => {
  await using upstream = await RawUpstream.start(() => ok("x"));
  await using gateway = await startProxy([upstream.port], {}, { hostname: "app.example.test" });
  await using client = await RawClient.connect(gateway.port);
  client.send("POST / HTTP/1.1\r\nHost: other\r\nContent-Length: 3\r\n\r\n");
  const response = await client.response();
  assert.equal(response.status, 404);
  assert.match(response.body, /^No route matches the request\.\nRequest: [0-9a-f]{32}\n$/);
  client.send(`abc${get("/")}`);
  assert.equal((await client.response()).body, "x");
});

test("limits: a connection serves on after a rest in which it let go of what served it, and its idle time counts from the answer", async () => {
  await using upstream = await RawUpstream.start(() => ok("x"));
  await using gateway = await startProxy([upstream.port], { settings: { idleTimeoutMs: 1_500 } });
  await using client = await RawClient.connect(gateway.port);
  const chunked = "POST / HTTP/1.1\r\nHost: app.example.test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
  for (const request of [chunked, get("/"), chunked]) {
    client.send(request);
    assert.equal((await client.response()).status, 200);
    await setTimeout(1_150);
  }
  const since = performance.now();
  assert.deepEqual(await client.ending(), { how: "end", left: "" });
  const waited = performance.now() - since;
  assert.ok(waited > 300 && waited < 1_200, `${waited}`);
});
