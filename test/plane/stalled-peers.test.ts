import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { makeCertificate } from "../test-certificate.ts";
import { buildUpdate } from "./model-builder.ts";
import { type PlaneFixture, startPlane } from "./plane-fixture.ts";
import { RawUpstream } from "./raw-upstream.ts";
import { httpsListener, root, type Secrets, terminate } from "./tls-model.ts";

const host = "a.example.test";
const peers = 200;
/** What one stalled connection may make this process hold: 64 KiB a stream or connection, on both sides of the gateway. */
const boundBytes = 2 * 64 * 1024;
/** More than the buffers of the system take in on loopback. */
const contentBytes = 16 * 1024 * 1024;

const server = makeCertificate({ names: [host], issuer: root });

function start(backendPort: number): Promise<PlaneFixture> {
  const secrets: Secrets = new Map();
  const rules = [{ name: "app", backends: [{ name: "app", ports: [backendPort] }] }];
  const secure = httpsListener("a", host, terminate(secrets, [[server, [host]]]), backendPort);
  return startPlane(buildUpdate([secure, { name: "clear", port: 80, rules }], secrets));
}

async function dial(kind: "clear" | "TLS", gateway: PlaneFixture): Promise<Socket> {
  const port = gateway.plane.boundPort(kind === "clear" ? 80 : 443)!;
  const socket =
    kind === "clear"
      ? connectTcp({ port, host: "127.0.0.1" })
      : connectTls({ port, host: "127.0.0.1", servername: host, ca: root.certPem, ALPNProtocols: ["http/1.1"] });
  socket.on("error", () => {});
  await once(socket, kind === "clear" ? "connect" : "secureConnect");
  return socket;
}

const part = Buffer.alloc(65_536);

/** Writes all of the content as fast as the socket takes it; tells what was given to it. */
function writer(socket: Socket, onGiven: (bytes: number) => void): () => void {
  let left = contentBytes;
  const write = (): void => {
    while (left > 0) {
      left -= part.length;
      onGiven(part.length);
      if (!socket.write(part)) return;
    }
  };
  socket.on("drain", write);
  return write;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

/** Resolves when nothing has moved for many turns of the event loop; the most that the gateway held meanwhile. */
async function untilStill(gateway: PlaneFixture, moved: () => number): Promise<number> {
  let most = 0;
  let last = -1;
  for (let still = 0; still < 300; still++) {
    await new Promise(setImmediate);
    most = Math.max(most, gateway.plane.queuedBytes);
    const now = moved();
    if (now !== last) still = 0;
    last = now;
  }
  return most;
}

for (const kind of ["clear", "TLS"] as const) {
  test(`${peers} clients that read nothing of a long answer (${kind}): the gateway holds a bounded part of each`, async () => {
    let given = 0;
    await using upstream = await RawUpstream.startRaw((socket) => {
      const write = writer(socket, (bytes) => {
        given += bytes;
      });
      socket.once("data", () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${contentBytes}\r\n\r\n`);
        write();
      });
    });
    await using gateway = await start(upstream.port);
    const clients = await Promise.all(Array.from({ length: peers }, () => dial(kind, gateway)));
    for (const client of clients) {
      client.pause();
      client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    }
    await until(() => upstream.connections === peers);
    const most = await untilStill(gateway, () => given);
    assert.ok(given < peers * contentBytes, "the backends were made to wait");
    assert.ok(most > 0, "something waits");
    assert.ok(most <= peers * boundBytes, `${most / peers} bytes for each`);
    for (const client of clients) client.destroy();
    await until(() => gateway.plane.queuedBytes === 0);
  });

  test(`${peers} backends that read nothing of a long upload (${kind}): the gateway holds a bounded part of each`, async () => {
    await using upstream = await RawUpstream.startRaw((socket) => socket.pause());
    await using gateway = await start(upstream.port);
    const clients = await Promise.all(Array.from({ length: peers }, () => dial(kind, gateway)));
    let taken = 0;
    for (const client of clients) {
      client.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${contentBytes}\r\n\r\n`);
      writer(client, (bytes) => {
        taken += bytes;
      })();
    }
    await until(() => upstream.connections === peers);
    const most = await untilStill(gateway, () => taken);
    assert.ok(taken < peers * contentBytes, "the clients were made to wait");
    assert.ok(most > 0, "something waits");
    assert.ok(most <= peers * boundBytes, `${most / peers} bytes for each`);
    for (const client of clients) client.destroy();
  });

  test(`${peers} clients that stall in the middle of a head (${kind}): the gateway holds no more than they sent`, async () => {
    await using upstream = await RawUpstream.startRaw(() => {});
    await using gateway = await start(upstream.port);
    const clients = await Promise.all(Array.from({ length: peers }, () => dial(kind, gateway)));
    const head = `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Long: ${"x".repeat(4_000)}`;
    for (const client of clients) client.write(head);
    await until(() => gateway.plane.queuedBytes >= peers * head.length);
    assert.equal(gateway.plane.queuedBytes, peers * head.length);
    assert.equal(upstream.connections, 0);
    for (const client of clients) client.destroy();
    await until(() => gateway.plane.queuedBytes === 0);
  });
}
