import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { startProxy } from "./plane-fixture.ts";
import { exchange, get, RawClient } from "./raw-client.ts";
import { RawUpstream } from "./raw-upstream.ts";

const size = 10 * 1024 * 1024;
const content = Buffer.alloc(size);
for (let i = 0; i < size; i++) content[i] = (i * 7 + (i >> 8) * 13) & 255;
const digest = createHash("md5").update(content).digest("hex");

/** Sends the content as an answer, minding back-pressure, and tells how much the gateway has taken. */
async function sendAnswer(socket: Socket, framing: "length" | "chunked", taken: { bytes: number }): Promise<void> {
  const head = framing === "length" ? `Content-Length: ${size}` : "Transfer-Encoding: chunked";
  socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`);
  for (let at = 0; at < size; at += 50_000) {
    const part = content.subarray(at, Math.min(at + 50_000, size));
    if (framing === "chunked") socket.write(`${part.length.toString(16)}\r\n`);
    const room = socket.write(part);
    if (framing === "chunked") socket.write("\r\n");
    taken.bytes = at + part.length;
    if (!room) await once(socket, "drain");
  }
  if (framing === "chunked") socket.write("0\r\n\r\n");
}

test("back-pressure: a slow reader gets 10 MiB unharmed, and meanwhile the gateway stops reading", async () => {
  for (const framing of ["length", "chunked"] as const) {
    const taken = { bytes: 0 };
    await using upstream = await RawUpstream.startRaw((socket) => {
      socket.once("data", () => void sendAnswer(socket, framing, taken));
    });
    await using gateway = await startProxy([upstream.port]);
    const socket = connect({ port: gateway.port, host: "127.0.0.1" });
    socket.pause();
    socket.write(get("/", "Connection: close\r\n"));
    // The stalled reader stalls the sender long before the end: what is under way is in the buffers of the system.
    let last = -1;
    for (let still = 0; still < 200; still++) {
      await new Promise(setImmediate);
      if (taken.bytes !== last) still = 0;
      last = taken.bytes;
    }
    assert.ok(last < size, `${framing}: the gateway took all ${last} bytes from the backend`);
    const chunks: Buffer[] = [];
    let reads = 0;
    for await (const chunk of socket) {
      chunks.push(chunk as Buffer);
      if (++reads % 7 === 0) await new Promise(setImmediate);
    }
    const answer = Buffer.concat(chunks);
    const body = answer.subarray(answer.indexOf("\r\n\r\n") + 4);
    const plain = framing === "length" ? body : dechunk(body);
    assert.equal(plain.length, size, framing);
    assert.equal(createHash("md5").update(plain).digest("hex"), digest, framing);
  }
});

test("back-pressure: an upload to a slow backend arrives unharmed, and meanwhile the gateway stops reading", async () => {
  let release: () => void = () => {};
  const received = createHash("md5");
  let bytes = 0;
  await using upstream = await RawUpstream.startRaw((socket) => {
    let headEnd = -1;
    socket.on("data", (chunk: Buffer) => {
      let part = chunk;
      if (headEnd < 0) {
        headEnd = chunk.indexOf("\r\n\r\n") + 4;
        part = chunk.subarray(headEnd);
      }
      received.update(part);
      bytes += part.length;
      if (bytes === size) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    socket.pause();
    release = () => socket.resume();
  });
  await using gateway = await startProxy([upstream.port]);
  await using client = await RawClient.connect(gateway.port);
  client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
  client.socket.write(content);
  let last = -1;
  for (let still = 0; still < 200; still++) {
    await new Promise(setImmediate);
    const sent = client.socket.bytesWritten - client.socket.writableLength;
    if (sent !== last || upstream.connections === 0) still = 0;
    last = sent;
  }
  assert.ok(client.socket.writableLength > 0, "the gateway took the whole upload");
  release();
  assert.equal((await client.response()).body, "ok");
  assert.equal(received.digest("hex"), digest);
});

test("back-pressure: 50 stalled readers cost bounded memory", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => {
    socket.once("data", () => void sendAnswer(socket, "length", { bytes: 0 }).catch(() => {}));
  });
  await using gateway = await startProxy([upstream.port]);
  const sockets = Array.from({ length: 50 }, () => connect({ port: gateway.port, host: "127.0.0.1" }));
  try {
    for (const socket of sockets) {
      socket.on("error", () => {});
      socket.pause();
      socket.write(get("/"));
    }
    for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate);
    assert.equal((await exchange(gateway.port, get("/", "", "other"))).status, 200);
    const queued = gateway.plane.queuedBytes;
    assert.ok(queued > 0 && queued <= 50 * 160 * 1024, `${queued} bytes wait in the gateway`);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

test("limits: a client that takes nothing of its answer is dropped", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => {
    socket.once("data", () => void sendAnswer(socket, "length", { bytes: 0 }).catch(() => {}));
  });
  await using gateway = await startProxy([upstream.port], { settings: { writeStallMs: 50 } });
  const socket = connect({ port: gateway.port, host: "127.0.0.1" });
  socket.on("error", () => {});
  socket.pause();
  socket.write(get("/"));
  while (gateway.records.length === 0) await new Promise(setImmediate);
  assert.equal(gateway.records[0]!.responseFlag, "DC");
  socket.destroy();
});

function dechunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    const length = Number.parseInt(bytes.latin1Slice(at, lineEnd), 16);
    if (length === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
}
