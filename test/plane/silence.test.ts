import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { Http2Server } from "./http2-upstream-server.ts";
import type { TestBackend } from "./model-builder.ts";
import { startRules } from "./plane-fixture.ts";
import { get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

/** One backend behind a rule that says nothing of its time, and behind one that says there is no limit. */
function start(backend: TestBackend) {
  const match = (value: string) => ({ path: { kind: "prefix", value } as const });
  return startRules(
    [
      { name: "bounded", match: match("/bounded"), backends: [backend] },
      { name: "unbounded", match: match("/unbounded"), backends: [backend], timeouts: { silence: "unbounded" } },
    ],
    { limits: { responseStallMs: 30, tunnelIdleMs: 30 } },
  );
}

// The unbounded request is always begun first: when the other has met the limit, its own would have passed before.

test("silence: an answer that does not begin is cut off where the rule says nothing of its time, and nowhere else", async () => {
  const { promise: asked, resolve } = Promise.withResolvers<Socket>();
  await using upstream = await RawUpstream.startRaw((socket) => {
    socket.once("data", (head: Buffer) => {
      if (head.latin1Slice().startsWith("GET /unbounded")) resolve(socket);
    });
  });
  await using gateway = await start({ name: "app", ports: [upstream.port] });
  await using patient = await RawClient.connect(gateway.port);
  patient.send(get("/unbounded"));
  const socket = await asked;
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/bounded"));
  assert.equal((await client.response()).status, 504);
  socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
  assert.equal((await patient.response()).body, "late");
});

test("silence: the same holds for an answer that falls silent, at a backend of HTTP/2 too", async () => {
  const { promise: asked, resolve } = Promise.withResolvers<() => void>();
  await using upstream = await Http2Server.start(({ stream, headers }) => {
    stream.respond({ ":status": 200 });
    stream.write("one");
    if (headers[":path"] === "/unbounded") resolve(() => stream.end("two"));
  });
  await using gateway = await start({ name: "app", ports: [upstream.port], cluster: { protocol: "http2" } });
  await using patient = await RawClient.connect(gateway.port);
  patient.send(get("/unbounded"));
  await patient.until("one");
  const goOn = await asked;
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/bounded"));
  assert.match((await client.ending()).left, /one/);
  goOn();
  await patient.until("two");
});

test("silence: an upgraded connection may be silent for as long as its rule allows, on both sides", async () => {
  const { promise: switched, resolve } = Promise.withResolvers<Socket>();
  await using upstream = await RawUpstream.startRaw((socket) => {
    socket.once("data", (head: Buffer) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
      if (head.latin1Slice().startsWith("GET /unbounded")) resolve(socket);
    });
  });
  await using gateway = await start({ name: "app", ports: [upstream.port] });
  const upgrade = "Connection: Upgrade\r\nUpgrade: chat\r\n";
  await using patient = await RawClient.connect(gateway.port);
  patient.send(get("/unbounded", upgrade));
  assert.equal((await patient.response()).status, 101);
  const socket = await switched;
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/bounded", upgrade));
  assert.equal((await client.response()).status, 101);
  await client.ending();
  socket.write("late");
  assert.equal(await patient.bytes(4), "late");
});

test("silence: a client that uploads slowly is not the endpoint's fault where there is a limit on what it takes", async () => {
  for (const protocol of ["http1", "http2"] as const) {
    await using http1 = await RawUpstream.start(({ body }) => ok(body));
    await using http2 = await Http2Server.start(({ stream }) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("error", () => {});
      stream.once("end", () => {
        if (stream.destroyed) return;
        stream.respond({ ":status": 200 });
        stream.end(Buffer.concat(parts));
      });
    });
    const backend = { name: "app", ports: [protocol === "http1" ? http1.port : http2.port], cluster: { protocol } };
    await using gateway = await startRules([
      {
        name: "patient",
        match: { path: { kind: "prefix", value: "/patient" } },
        backends: [backend],
        timeouts: { silence: 50, sendSilenceMs: 50 },
      },
      { name: "other", backends: [backend], timeouts: { silence: 50 } },
    ]);
    const upload = (path: string) => `POST ${path} HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\na`;
    await using patient = await RawClient.connect(gateway.port);
    patient.send(upload("/patient"));
    await using other = await RawClient.connect(gateway.port);
    other.send(upload("/other"));
    // What is cut off here began later.
    assert.equal((await other.response()).status, 504);
    patient.send("b");
    assert.equal((await patient.response()).body, "ab");
  }
});

test("silence: an endpoint that stops taking a request is given up", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => void socket.pause());
  await using gateway = await startRules([
    {
      name: "upload",
      backends: [{ name: "app", ports: [upstream.port] }],
      timeouts: { silence: "unbounded", sendSilenceMs: 50 },
    },
  ]);
  await using client = await RawClient.connect(gateway.port);
  const bytes = 64 * 1024 * 1024;
  client.send(`POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${bytes}\r\n\r\n`);
  client.socket.write(Buffer.alloc(bytes));
  assert.equal((await client.response()).status, 504);
});
