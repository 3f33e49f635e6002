import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer as createNetServer } from "node:net";
import { test } from "node:test";
import { connect as connectTls, createServer, TLSSocket } from "node:tls";
import { readProxyHeader, writeProxyHeader } from "../../src/wire/proxy-protocol.ts";
import { makeCertificate } from "../test-certificate.ts";
import { buildUpdate } from "./model-builder.ts";
import { type PlaneTestOptions, startPlane } from "./plane-fixture.ts";
import { get, RawClient } from "./raw-client.ts";
import { RawUpstream } from "./raw-upstream.ts";
import { buildStreams } from "./stream-model.ts";

const client = {
  sourceAddress: "203.0.113.7",
  sourcePort: 4711,
  destinationAddress: "198.51.100.1",
  destinationPort: 80,
};
const v1 = "PROXY TCP4 203.0.113.7 198.51.100.1 4711 80\r\n";
const v2 = writeProxyHeader("v2", client).latin1Slice();
const trusted: PlaneTestOptions = { settings: { proxyProtocolFrom: ["127.0.0.0/8"] } };
const strangers: PlaneTestOptions = { settings: { proxyProtocolFrom: ["10.0.0.0/8"] } };

/** Answers with what it got, as soon as it is whole lines. */
const echo = () =>
  RawUpstream.startRaw((socket) => {
    socket.on("data", (bytes) => socket.write(bytes));
    socket.on("end", () => socket.end());
  });

test("a TCP listener takes the client's address from a trusted proxy's header and forwards the rest alone", async () => {
  await using upstream = await echo();
  await using fixture = await startPlane(
    buildStreams([{ protocol: "TCP", port: 80, backends: [{ name: "a", ports: [upstream.port] }] }]),
    trusted,
  );
  for (const header of [v1, v2]) {
    await using raw = await RawClient.connect(fixture.port);
    // In pieces, the last of which has content behind the header.
    raw.send(header.slice(0, 9));
    raw.send(`${header.slice(9)}payload`);
    assert.equal(await raw.bytes(7), "payload");
    raw.socket.end();
    await raw.rest();
  }
  assert.deepEqual(
    fixture.records.map(({ sourceIp, bytesIn }) => [sourceIp, bytesIn]),
    [
      ["203.0.113.7", 7],
      ["203.0.113.7", 7],
    ],
  );
});

test("LOCAL and UNKNOWN headers leave the connection's own address", async () => {
  await using upstream = await echo();
  await using fixture = await startPlane(
    buildStreams([{ protocol: "TCP", port: 80, backends: [{ name: "a", ports: [upstream.port] }] }]),
    trusted,
  );
  const local = Buffer.concat([Buffer.from(v2.slice(0, 12), "latin1"), Buffer.of(0x20, 0, 0, 0)]).latin1Slice();
  for (const header of ["PROXY UNKNOWN\r\n", local]) {
    await using raw = await RawClient.connect(fixture.port);
    raw.send(`${header}x`);
    assert.equal(await raw.bytes(1), "x");
    raw.socket.end();
    await raw.rest();
  }
  assert.deepEqual(
    fixture.records.map(({ sourceIp }) => sourceIp),
    ["127.0.0.1", "127.0.0.1"],
  );
});

test("an HTTP listener tells the backend of the client that the header names", async () => {
  await using upstream = await RawUpstream.start(({ head }) => {
    const found = /x-forwarded-for: (.*)\r\n/.exec(head)?.[1] ?? "";
    return `HTTP/1.1 200 OK\r\nContent-Length: ${found.length}\r\n\r\n${found}`;
  });
  await using fixture = await startPlane(
    buildUpdate([
      { name: "http", port: 80, rules: [{ name: "a", backends: [{ name: "a", ports: [upstream.port] }] }] },
    ]),
    trusted,
  );
  await using raw = await RawClient.connect(fixture.port);
  raw.send(v1 + get("/"));
  assert.equal((await raw.response()).body, "203.0.113.7");
  raw.send(get("/"));
  assert.equal((await raw.response()).body, "203.0.113.7");
  assert.equal(fixture.records[0]?.sourceIp, "203.0.113.7");
});

test("an HTTPS and a TLS listener read the header before the handshake", async () => {
  const { certPem, keyPem } = makeCertificate({ names: ["a.test"] });
  const secrets = new Map([["a.test", { kind: "certificate", chainPem: certPem, keyPem } as const]]);
  const tls = {
    mode: "terminate",
    minVersion: "TLSv1.2",
    certificates: [{ key: "a.test", fingerprint: "a", names: ["a.test"] }],
  } as const;
  await using web = await RawUpstream.start(() => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  await using upstream = await echo();
  const updates = [
    buildUpdate(
      [{ name: "https", port: 80, tls, rules: [{ name: "a", backends: [{ name: "a", ports: [web.port] }] }] }],
      secrets,
    ),
    buildStreams(
      [{ protocol: "TLS", port: 80, tls, routes: { "*": [{ name: "a", ports: [upstream.port] }] } }],
      secrets,
    ),
  ];
  for (const [index, update] of updates.entries()) {
    await using fixture = await startPlane(update, trusted);
    const socket = connect({ port: fixture.port, host: "127.0.0.1" });
    await once(socket, "connect");
    await new Promise<void>((done) => socket.write(Buffer.from(v2, "latin1"), () => done()));
    const secure = connectTls({ socket, servername: "a.test", rejectUnauthorized: false });
    await once(secure, "secureConnect");
    await using raw = new RawClient(secure);
    if (index === 0) {
      raw.send(get("/", "Connection: close\r\n", "a.test"));
      assert.equal((await raw.response()).body, "ok");
    } else {
      raw.send("hi");
      assert.equal(await raw.bytes(2), "hi");
      raw.socket.end();
    }
    await raw.ending();
    while (fixture.records.length === 0) await new Promise((later) => setImmediate(later));
    assert.equal(fixture.records[0]?.sourceIp, "203.0.113.7");
  }
});

test("streams to a backend begin with a v2 header that names the client, before TLS to it too", async () => {
  const { promise: clearHeader, resolve } = Promise.withResolvers<Buffer>();
  await using clear = await RawUpstream.startRaw((socket) => socket.once("data", resolve));
  await using fixture = await startPlane(
    buildStreams([
      { protocol: "TCP", port: 80, backends: [{ name: "a", ports: [clear.port], cluster: { proxyProtocol: "v2" } }] },
    ]),
    trusted,
  );
  await using raw = await RawClient.connect(fixture.port);
  raw.send(v1);
  const result = readProxyHeader(await clearHeader);
  assert.ok(result.kind === "header");
  assert.deepEqual(result.addresses, client);
});

test("the header goes before the TLS handshake with the backend", async () => {
  const authority = makeCertificate({ commonName: "root", authority: "yes" });
  const leaf = makeCertificate({ names: ["a.test"], issuer: authority });
  const { promise: seen, resolve } = Promise.withResolvers<string>();
  // Reads the header in clear text, then speaks TLS.
  const tlsServer = createServer({ cert: leaf.certPem, key: leaf.keyPem }, (secure) => secure.end("inside"));
  const server = createNetServer((socket) => {
    socket.once("readable", () => {
      const header = socket.read(28) as Buffer;
      const result = readProxyHeader(header);
      resolve(result.kind === "header" ? (result.addresses?.sourceAddress ?? "local") : result.kind);
      tlsServer.emit("connection", socket);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const secrets = new Map([
    ["a.test", { kind: "certificate", chainPem: leaf.certPem, keyPem: leaf.keyPem } as const],
    ["ca", { kind: "ca", bundlePem: authority.certPem } as const],
  ]);
  try {
    await using fixture = await startPlane(
      buildStreams(
        [
          {
            protocol: "TLS",
            port: 80,
            tls: {
              mode: "terminate",
              minVersion: "TLSv1.2",
              certificates: [{ key: "a.test", fingerprint: "a", names: ["a.test"] }],
            },
            routes: {
              "*": [
                {
                  name: "a",
                  ports: [port],
                  cluster: {
                    proxyProtocol: "v2",
                    tls: {
                      hostname: "a.test",
                      ca: [{ kind: "bundle", key: "ca", fingerprint: "c" }],
                      subjectAltNames: [],
                    },
                  },
                },
              ],
            },
          },
        ],
        secrets,
      ),
    );
    await using raw = await RawClient.connectTls(fixture.port, { servername: "a.test", rejectUnauthorized: false });
    assert.ok(raw.socket instanceof TLSSocket);
    assert.equal(await raw.until("inside"), "inside");
    assert.equal(await seen, "127.0.0.1");
  } finally {
    server.close();
    await once(server, "close");
  }
});

test("a header from anyone else is not read: HTTP refuses it, TCP passes it on as content", async () => {
  await using upstream = await echo();
  await using http = await startPlane(
    buildUpdate([
      { name: "http", port: 80, rules: [{ name: "a", backends: [{ name: "a", ports: [upstream.port] }] }] },
    ]),
    strangers,
  );
  await using toHttp = await RawClient.connect(http.port);
  toHttp.send(v1 + get("/"));
  assert.equal((await toHttp.response()).status, 400);
  await using tcp = await startPlane(
    buildStreams([{ protocol: "TCP", port: 80, backends: [{ name: "a", ports: [upstream.port] }] }]),
    strangers,
  );
  await using toTcp = await RawClient.connect(tcp.port);
  toTcp.send(v1);
  assert.equal(await toTcp.bytes(v1.length), v1);
});
