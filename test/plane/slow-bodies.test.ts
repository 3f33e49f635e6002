import assert from "node:assert/strict";
import type { ClientHttp2Stream } from "node:http2";
import { test } from "node:test";
import { eventually } from "./eventually.ts";
import { frame, GrpcClient, outcome } from "./grpc-call.ts";
import { clearClient, type Http2Client } from "./http2-client.ts";
import { Http2Server } from "./http2-upstream-server.ts";
import { type PlaneFixture, type PlaneTestOptions, startProxy } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

/** Places at the backend, and slow requests for them. */
const places = 8;
const attackers = 40;

function start(upstream: RawUpstream, { limits, settings }: PlaneTestOptions = {}): Promise<PlaneFixture> {
  return startProxy([upstream.port], {
    limits: { connectionsPerEndpoint: places, bodyPatienceMs: 600_000, ...limits },
    settings: { trust: { trustedHops: 1, source: "x-forwarded-for" }, ...settings },
  });
}

const by = (address: string): string => `X-Forwarded-For: ${address}\r\n`;

/** An upload that is never completed, of which `sent` comes at once. */
async function slowly(gateway: PlaneFixture, address: string, sent: string): Promise<RawClient> {
  const client = await RawClient.connect(gateway.port);
  client.send(`POST /slow HTTP/1.1\r\nHost: a.test\r\n${by(address)}Content-Length: 1000\r\n\r\n${sent}`);
  return client;
}

/** The same as streams of one connection of HTTP/2. */
function slowStreams(client: Http2Client, address: string, sent: string): readonly ClientHttp2Stream[] {
  return Array.from({ length: attackers }, () => {
    const stream = client.session.request(
      { ":method": "POST", ":path": "/slow", ":authority": "a.test", "x-forwarded-for": address },
      { endStream: false },
    );
    stream.on("error", () => {});
    if (sent !== "") stream.write(sent);
    return stream;
  });
}

async function served(gateway: PlaneFixture, address: string): Promise<void> {
  assert.equal((await exchange(gateway.port, get("/", by(address)))).status, 200);
  const post = `POST / HTTP/1.1\r\nHost: a.test\r\n${by(address)}Content-Length: 2\r\n\r\nhi`;
  assert.equal((await exchange(gateway.port, post)).status, 200);
}

test("slow bodies: those of which nothing has come hold no connection to the backend", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await start(upstream);
  const clients = await Promise.all(Array.from({ length: attackers }, () => slowly(gateway, "192.0.2.1", "")));
  await using many = clearClient(gateway.port);
  const streams = slowStreams(many, "192.0.2.1", "");
  await served(gateway, "192.0.2.2");
  assert.equal(upstream.connections, 1);
  // They are served all the same, once they send something.
  clients[0]!.send("x".repeat(1000));
  streams[0]!.end("y");
  await eventually(() => upstream.requests.length === 4);
  assert.deepEqual(upstream.requests.map(({ body }) => body).sort(), ["", "hi", "x".repeat(1000), "y"]);
  for (const client of clients) client.socket.destroy();
});

for (const version of ["HTTP/1.1", "HTTP/2"] as const) {
  test(`slow bodies (${version}): a client that fills all places with them makes way for every other`, async () => {
    await using upstream = await RawUpstream.start(() => ok(""));
    await using gateway = await start(upstream);
    await using many = clearClient(gateway.port);
    const clients: RawClient[] = [];
    const taken = (): boolean => upstream.connections >= places;
    if (version === "HTTP/2") slowStreams(many, "192.0.2.1", "x");
    else for (let i = 0; i < attackers; i++) clients.push(await slowly(gateway, "192.0.2.1", "x"));
    await eventually(taken);
    for (let i = 2; i < 12; i++) await served(gateway, `192.0.2.${i}`);
    await eventually(() => gateway.records.some(({ statusCode }) => statusCode === 503));
    for (const { path, statusCode, responseFlag } of gateway.records) {
      assert.deepEqual([statusCode, responseFlag], path === "/slow" ? [503, "UO"] : [200, "-"]);
    }
    for (const client of clients) client.socket.destroy();
  });
}

test("slow bodies: one upload of a client is not ended for a request of another, but one of many is", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await start(upstream);
  await using honest = await slowly(gateway, "2001:db8:1::1", "begun");
  await eventually(() => upstream.connections === 1);
  const clients: RawClient[] = [];
  // Addresses of one network of IPv6 are one client.
  for (let i = 1; i < places; i++) clients.push(await slowly(gateway, `2001:db8::${i}`, "x"));
  await eventually(() => upstream.connections === places);
  for (let i = 2; i < places + 2; i++) await served(gateway, `192.0.2.${i}`);
  honest.send("x".repeat(995));
  assert.equal((await honest.response()).status, 200);
  for (const client of clients) client.socket.destroy();
});

test("slow bodies: a client makes way for itself when it was silent for long", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using gateway = await start(upstream, { limits: { bodyPatienceMs: 0 } });
  const clients: RawClient[] = [];
  for (let i = 0; i < places; i++) clients.push(await slowly(gateway, "192.0.2.1", "x"));
  await eventually(() => upstream.connections === places);
  await served(gateway, "192.0.2.1");
  for (const client of clients) client.socket.destroy();
});

test("slow bodies: a request that is not waited for keeps its place", async () => {
  await using upstream = await RawUpstream.start(() => undefined);
  await using gateway = await start(upstream, { limits: { bodyPatienceMs: 0 } });
  const clients: RawClient[] = [];
  for (let i = 0; i < places; i++) clients.push(await slowly(gateway, "192.0.2.1", "x".repeat(1000)));
  await eventually(() => upstream.requests.length === places);
  assert.equal((await exchange(gateway.port, get("/", by("192.0.2.2")))).status, 503);
  assert.equal(gateway.records.length, 1);
  for (const client of clients) client.socket.destroy();
});

test("slow bodies: one that comes below the rate is answered with 408 although it never stalls; a gRPC call is not", async () => {
  await using upstream = await RawUpstream.start(() => ok(""));
  await using calls = await Http2Server.start(({ stream }) => {
    stream.on("data", () => {});
    stream.on("end", () => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end();
    });
  });
  const settings = { requestStallMs: 40, requestBodyRate: 1_000_000 };
  await using gateway = await start(upstream, { settings });
  await using callGateway = await startProxy(
    [],
    { settings },
    { backends: [{ name: "calls", ports: [calls.port], cluster: { protocol: "http2" } }] },
  );
  await using caller = await GrpcClient.connect(callGateway.port);
  const call = caller.begin("/a.B/C");
  call.write(frame("one"));
  await eventually(() => calls.requests.length === 1);
  await using client = await slowly(gateway, "192.0.2.1", "");
  const trickle = setInterval(() => client.send("x"), 5);
  assert.equal((await client.response()).status, 408);
  clearInterval(trickle);
  await using many = clearClient(gateway.port);
  const stream = many.session.request({ ":method": "POST", ":path": "/slow", ":authority": "a.test" });
  stream.on("error", () => {});
  const drip = setInterval(() => stream.write("x"), 5);
  const status = await new Promise((resolve) => stream.once("response", (head) => resolve(head[":status"])));
  clearInterval(drip);
  assert.equal(status, 408);
  call.end(frame("two"));
  assert.equal((await outcome(call)).status, 0);
});

test("slow bodies: once a request is being answered its body may take any time, over both versions", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => {
    let seen = "";
    socket.on("data", (bytes: Buffer) => {
      if (seen === "") socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
      seen += bytes.latin1Slice();
      if (seen.endsWith("last\r\n0\r\n\r\n")) socket.write("3\r\nbye\r\n0\r\n\r\n");
    });
  });
  await using gateway = await start(upstream, { settings: { requestStallMs: 30 }, limits: { bodyHoldMs: 0 } });
  await using client = await RawClient.connect(gateway.port);
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
  await client.until("hi\r\n");
  await using other = clearClient(gateway.port);
  const stream = other.session.request({ ":method": "POST", ":path": "/", ":authority": "a.test" });
  let answer = "";
  stream.on("data", (bytes: Buffer) => {
    answer += bytes.latin1Slice();
  });
  stream.write("first");
  await eventually(() => answer === "hi");
  // By when a third body has stalled, these would have too.
  await using third = await slowly(gateway, "192.0.2.1", "");
  assert.equal((await third.response()).status, 408);
  client.send("4\r\nlast\r\n0\r\n\r\n");
  await client.until("3\r\nbye\r\n");
  stream.end("last");
  await eventually(() => answer === "hibye");
});

test("slow bodies: a client that waits for the backend's first word gets it", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => {
    socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"));
  });
  await using gateway = await start(upstream, { limits: { bodyHoldMs: 10 } });
  await using client = await RawClient.connect(gateway.port);
  client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
  assert.equal((await client.response()).body, "first");
});
