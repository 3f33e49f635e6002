import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import type { Telemetry } from "../../src/telemetry/telemetry.ts";
import { askStream } from "./ask-stream.ts";
import { eventually } from "./eventually.ts";
import { type PlaneTestOptions, startPlane } from "./plane-fixture.ts";
import { RawClient, refused } from "./raw-client.ts";
import { RawUpstream } from "./raw-upstream.ts";
import { buildStreams, type StreamTestBackend } from "./stream-model.ts";

function startTcp(backends: readonly StreamTestBackend[] | undefined, options: PlaneTestOptions = {}) {
  const listener = { protocol: "TCP", port: 80, ...(backends === undefined ? {} : { backends }) } as const;
  return startPlane(buildStreams([listener]), options);
}

/** Says its name and closes. */
function named(name: string): Promise<RawUpstream> {
  return RawUpstream.startRaw((socket) => socket.end(name));
}

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Value of a counter or gauge of the registry whose line has all of the words. */
function metric(telemetry: Telemetry & { readonly registry: { readonly families: object } }, name: string): number {
  const family = (telemetry.registry.families as Record<string, { all(): Iterable<{ value: number }> }>)[name]!;
  return [...family.all()].reduce((sum, { value }) => sum + value, 0);
}

test("TCPRoute sends bytes both ways and counts and logs the stream when it ends", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => {
    socket.on("data", (bytes) => socket.write(`got ${bytes}`));
    socket.on("end", () => socket.end("bye"));
  });
  await using fixture = await startTcp([{ name: "db", ports: [upstream.port] }]);
  await using client = await RawClient.connect(fixture.port);
  client.send("hello");
  assert.equal(await client.until("hello"), "got hello");
  client.socket.end();
  assert.equal(await client.rest(), "bye");
  await once(client.socket, "close");
  const [record] = fixture.records;
  assert.equal(record?.protocol, "TCP");
  assert.deepEqual([record?.bytesIn, record?.bytesOut, record?.responseFlag], [5, 12, "-"]);
  assert.equal(record?.upstream, `127.0.0.1:${upstream.port}`);
  assert.equal(record?.labels.backend_name, "db");
  assert.equal(record?.sourceIp, "127.0.0.1");
  assert.equal(metric(fixture.telemetry, "gateway_tcp_connections_total"), 1);
  assert.equal(metric(fixture.telemetry, "gateway_tcp_connections_active"), 0);
  assert.equal(metric(fixture.telemetry, "gateway_tcp_received_bytes_total"), 5);
  assert.equal(metric(fixture.telemetry, "gateway_tcp_sent_bytes_total"), 12);
});

test("a backend that speaks first is heard before the client has sent anything", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => socket.write("220 ready\r\n"));
  await using fixture = await startTcp([{ name: "smtp", ports: [upstream.port] }]);
  await using client = await RawClient.connect(fixture.port);
  assert.equal(await client.until("\r\n"), "220 ready\r\n");
});

test("after the client half-closes, the backend's answer still comes", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("end", () => socket.end(`length ${Buffer.concat(chunks).length}`));
  });
  await using fixture = await startTcp([{ name: "sum", ports: [upstream.port] }]);
  await using client = await RawClient.connect(fixture.port);
  client.socket.end(Buffer.alloc(100_000, 1));
  assert.equal(await client.rest(), "length 100000");
});

test("after the backend half-closes, the client's bytes still go to it", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  await using upstream = await RawUpstream.startRaw((socket) => {
    let got = "";
    socket.end("only this");
    socket.on("data", (chunk) => {
      got += chunk;
    });
    socket.on("end", () => resolve(got));
  });
  await using fixture = await startTcp([{ name: "mute", ports: [upstream.port] }]);
  await using client = await RawClient.connect(fixture.port);
  assert.equal(await client.rest(), "only this");
  client.socket.end("still heard");
  assert.equal(await promise, "still heard");
});

test("a reset of either side reaches the other one as a reset", async () => {
  const sockets: Socket[] = [];
  const { promise: reset, resolve } = Promise.withResolvers<string>();
  await using upstream = await RawUpstream.startRaw((socket) => {
    sockets.push(socket);
    socket.write("x");
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
  });
  await using fixture = await startTcp([{ name: "db", ports: [upstream.port] }]);
  await using first = await RawClient.connect(fixture.port);
  await first.until("x");
  sockets[0]!.resetAndDestroy();
  assert.equal((await first.ending()).how, "reset");
  await using second = await RawClient.connect(fixture.port);
  await second.until("x");
  second.socket.resetAndDestroy();
  assert.equal(await reset, "ECONNRESET");
  assert.deepEqual(fixture.records.map(({ responseFlag }) => responseFlag).sort(), ["DC", "UC"]);
});

test("weights hold exactly, and an invalid backend resets its share", async () => {
  await using a = await named("a");
  await using b = await named("b");
  await using fixture = await startTcp([
    { name: "a", weight: 5, ports: [a.port] },
    { name: "b", weight: 2, ports: [b.port] },
    { name: "gone", weight: 3 },
    { name: "off", weight: 0, ports: [b.port] },
  ]);
  const counts: Record<string, number> = {};
  for (let i = 0; i < 20; i++) {
    const who = await askStream(fixture.port);
    counts[who] = (counts[who] ?? 0) + 1;
  }
  assert.deepEqual(counts, { a: 10, b: 4, reset: 6 });
});

test("weights go on where they were over a reload", async () => {
  await using a = await named("a");
  await using b = await named("b");
  const backends = [
    { name: "a", weight: 3, ports: [a.port] },
    { name: "b", weight: 1, ports: [b.port] },
  ];
  await using fixture = await startTcp(backends);
  const counts: Record<string, number> = {};
  for (let i = 0; i < 8; i++) {
    const who = await askStream(fixture.port);
    counts[who] = (counts[who] ?? 0) + 1;
    await fixture.plane.apply(buildStreams([{ protocol: "TCP", port: 80, backends }]));
  }
  assert.deepEqual(counts, { a: 6, b: 2 });
});

test("connections are reset at once without a route, without endpoints, and without a backend", async () => {
  for (const backends of [undefined, [{ name: "empty", ports: [] }], [{ name: "gone" }], []]) {
    await using fixture = await startTcp(backends);
    assert.ok(["", "reset"].includes(await askStream(fixture.port)));
  }
});

test("an endpoint that refuses is passed over for another one", async () => {
  await using up = await named("up");
  await using fixture = await startTcp([{ name: "db", ports: [await closedPort(), up.port] }]);
  for (let i = 0; i < 4; i++) assert.equal(await askStream(fixture.port), "up");
  assert.ok(fixture.records.every(({ responseFlag }) => responseFlag === "-"));
});

test("when every endpoint refuses, the client is reset", async () => {
  await using fixture = await startTcp([{ name: "db", ports: [await closedPort(), await closedPort()] }]);
  assert.equal(await askStream(fixture.port), "reset");
  assert.equal(fixture.records[0]?.responseFlag, "UF");
});

test("a stream without traffic is reset when it has been idle for too long", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => socket.write("x"));
  await using fixture = await startTcp([{ name: "db", ports: [upstream.port] }], { settings: { streamIdleMs: 30 } });
  await using client = await RawClient.connect(fixture.port);
  assert.deepEqual(await client.ending(), { how: "reset", left: "x" });
  assert.equal(fixture.records[0]?.responseFlag, "SI");
});

test("20 MiB each way arrive whole through slow readers, with bounded memory", async () => {
  const size = 20 * 1024 * 1024;
  const content = randomBytes(size);
  const expected = createHash("sha256").update(content).digest("hex");
  const { promise: received, resolve } = Promise.withResolvers<string>();
  await using upstream = await RawUpstream.startRaw((socket) => {
    const hash = createHash("sha256");
    socket.on("data", (chunk) => {
      hash.update(chunk);
      socket.pause();
      setImmediate(() => socket.resume());
    });
    socket.on("end", () => resolve(hash.digest("hex")));
    socket.end(content);
  });
  await using fixture = await startTcp([{ name: "bulk", ports: [upstream.port] }]);
  const client = connect({ port: fixture.port, host: "127.0.0.1", allowHalfOpen: true });
  await once(client, "connect");
  client.end(content);
  const hash = createHash("sha256");
  for await (const chunk of client) {
    hash.update(chunk);
    await new Promise((later) => setImmediate(later));
  }
  assert.equal(hash.digest("hex"), expected);
  assert.equal(await received, expected);
});

test("a client that does not read stops its backend after a bounded number of bytes", async () => {
  let sent = 0;
  await using upstream = await RawUpstream.startRaw((socket) => {
    const chunk = Buffer.alloc(64 * 1024);
    const fill = () => {
      do sent += chunk.length;
      while (socket.write(chunk) && sent < 1024 * 1024 * 1024);
    };
    socket.on("drain", fill);
    fill();
  });
  await using fixture = await startTcp([{ name: "bulk", ports: [upstream.port] }]);
  await using client = await RawClient.connect(fixture.port);
  client.socket.pause();
  // Everything runs in this process: when many turns of its loop move nothing, every buffer on the way is full.
  for (let still = 0, before = -1; still < 500; before = sent) {
    still = sent > 0 && sent === before ? still + 1 : 0;
    await new Promise((later) => setImmediate(later));
  }
  assert.ok(sent < 64 * 1024 * 1024, `the backend could send ${sent} bytes`);
  assert.ok(fixture.plane.queuedBytes <= 128 * 1024, `${fixture.plane.queuedBytes} bytes wait in the plane`);
});

test("a stream survives reloads and keeps the backend that it began with", async () => {
  await using a = await RawUpstream.startRaw((socket) => socket.on("data", (bytes) => socket.write(`a:${bytes}`)));
  await using b = await RawUpstream.startRaw((socket) => socket.on("data", (bytes) => socket.write(`b:${bytes}`)));
  await using fixture = await startTcp([{ name: "a", ports: [a.port] }]);
  await using client = await RawClient.connect(fixture.port);
  client.send("1");
  assert.equal(await client.bytes(3), "a:1");
  await fixture.plane.apply(buildStreams([{ protocol: "TCP", port: 80, backends: [{ name: "b", ports: [b.port] }] }]));
  client.send("2");
  assert.equal(await client.bytes(3), "a:2");
  await using next = await RawClient.connect(fixture.port);
  next.send("3");
  assert.equal(await next.bytes(3), "b:3");
});

test("streams of a removed listener go on, and are reset at the deadline", async () => {
  await using a = await RawUpstream.startRaw((socket) => socket.on("data", (bytes) => socket.write(bytes)));
  await using fixture = await startTcp([{ name: "a", ports: [a.port] }], { limits: { drainTimeoutMs: 200 } });
  await using client = await RawClient.connect(fixture.port);
  client.send("1");
  await client.bytes(1);
  const port = fixture.port;
  await fixture.plane.apply(buildStreams([]));
  client.send("2");
  assert.equal(await client.bytes(1), "2");
  await refused(port);
  assert.equal((await client.ending()).how, "reset");
  assert.equal(fixture.records[0]?.responseFlag, "DR");
});

test("a TCP listener is reported as programmed with its bound port, and a port in use as failed", async () => {
  await using fixture = await startTcp([{ name: "a", ports: [] }]);
  const report = await fixture.plane.apply(buildStreams([{ protocol: "TCP", port: 80, backends: [] }]));
  assert.deepEqual(report.listeners["Gateway/demo/streams/tcp-0"], {
    state: "programmed",
    address: "127.0.0.1",
    port: fixture.port,
  });
  await using taken = await startTcp([{ name: "a", ports: [] }], { mapPort: () => fixture.port });
  const second = await taken.plane.apply(buildStreams([{ protocol: "TCP", port: 80, backends: [] }]));
  assert.partialDeepStrictEqual(second.listeners["Gateway/demo/streams/tcp-0"], {
    state: "failed",
    code: "EADDRINUSE",
  });
});

test("the access log names tenant and environment by the Gateway's labels", async () => {
  await using upstream = await named("x");
  const update = buildStreams([{ protocol: "TCP", port: 80, backends: [{ name: "a", ports: [upstream.port] }] }]);
  const labels = { tenant: "blue", environment: "test" };
  const gateways = update.routing.gateways.map((gateway) => ({ ...gateway, labels }));
  await using fixture = await startPlane({ ...update, routing: { ...update.routing, gateways } });
  await using client = await RawClient.connect(fixture.port);
  client.socket.end();
  await client.rest();
  await eventually(() => fixture.records.length === 1);
  assert.deepEqual([fixture.records[0]?.tenant, fixture.records[0]?.environment], ["blue", "test"]);
});
