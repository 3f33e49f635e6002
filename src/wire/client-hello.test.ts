import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { connect } from "node:tls";
import fc from "fast-check";
import { clientHelloLimitBytes, readClientHello } from "./client-hello.ts";

/** The first bytes that Node's own TLS client sends. */
async function recorded(options: { servername?: string; ALPNProtocols?: string[] }): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const client = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
  client.on("error", () => {});
  const [socket] = (await once(server, "connection")) as [Socket];
  const [bytes] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  client.destroy();
  server.close();
  return bytes;
}

/** The same message in records of `size` bytes. */
function split(record: Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 5; at < record.length; at += size) {
    const part = record.subarray(at, Math.min(record.length, at + size));
    parts.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(parts);
}

test("readClientHello() reads name and protocols of a real hello, waits for every missing byte", async () => {
  const bytes = await recorded({ servername: "Db.Example.com", ALPNProtocols: ["h2", "http/1.1"] });
  const hello = { kind: "hello", hello: { serverName: "db.example.com", alpn: ["h2", "http/1.1"] } };
  assert.deepEqual(readClientHello(bytes), hello);
  for (let end = 0; end < bytes.length; end++) assert.equal(readClientHello(bytes.subarray(0, end)).kind, "more");
  for (const size of [1, 3, 7, 100]) assert.deepEqual(readClientHello(split(bytes, size)), hello);
});

test("readClientHello() finds no name when the client sent none", async () => {
  assert.deepEqual(readClientHello(await recorded({})), { kind: "hello", hello: { serverName: "", alpn: [] } });
});

test("readClientHello() refuses what is not a ClientHello", () => {
  assert.equal(readClientHello(Buffer.from("GET / HTTP/1.1\r\n\r\n")).kind, "invalid");
  assert.equal(readClientHello(Buffer.from([22, 3, 1, 0, 0])).kind, "invalid");
  assert.equal(readClientHello(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])).kind, "invalid");
  assert.equal(readClientHello(Buffer.from([22, 3, 1, 0, 4, 1, 255, 255, 255])).kind, "invalid");
  assert.equal(readClientHello(Buffer.alloc(clientHelloLimitBytes, 22)).kind, "invalid");
});

test("readClientHello() never throws on a damaged hello", async () => {
  const bytes = await recorded({ servername: "db.example.com" });
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, end) => {
      const damaged = Buffer.from(bytes.subarray(0, end));
      if (at < end) damaged[at] = value;
      readClientHello(damaged);
    }),
    { numRuns: 2000 },
  );
});
