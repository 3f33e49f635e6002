import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { type ConnectionOptions, connect as connectTls, createServer, type Server } from "node:tls";
import type { SecretMaterial } from "../../src/ir/secret-table.ts";
import type { ListenerTls } from "../../src/ir/tls.ts";
import { makeCertificate, type TestCertificate } from "../test-certificate.ts";
import { eventually } from "./eventually.ts";
import { type HelloShape, shapeHello } from "./hello-shaper.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane } from "./plane-fixture.ts";
import { get, RawClient } from "./raw-client.ts";
import { RawUpstream } from "./raw-upstream.ts";
import { buildStreams, mergeUpdates } from "./stream-model.ts";

const passthrough: ListenerTls = { mode: "passthrough" };

/** A certificate as a listener of the test names it. */
function terminate(certificates: Readonly<Record<string, TestCertificate>>): ListenerTls & { mode: "terminate" } {
  return {
    mode: "terminate",
    minVersion: "TLSv1.2",
    certificates: Object.keys(certificates).map((name) => ({ key: name, fingerprint: name, names: [name] })),
  };
}

function secretsOf(certificates: Readonly<Record<string, TestCertificate>>): Map<string, SecretMaterial> {
  return new Map(
    Object.entries(certificates).map(([name, { certPem, keyPem }]) => [
      name,
      { kind: "certificate", chainPem: certPem, keyPem },
    ]),
  );
}

/** A TLS server of its own that says its name. */
async function tlsBackend(name: string): Promise<AsyncDisposable & { readonly port: number; readonly server: Server }> {
  const { certPem, keyPem } = makeCertificate({ commonName: name, names: [name] });
  const server = createServer({ cert: certPem, key: keyPem, allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => socket.write(`${name}:${bytes}`));
    socket.on("end", () => socket.end());
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    server,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

/** Says `hi` over TLS; what came back, and whose certificate it was. */
async function ask(port: number, options: ConnectionOptions & { readonly shape?: HelloShape } = {}) {
  const { shape, ...rest } = options;
  const raw = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  const socket = connectTls({ socket: shape ? shapeHello(raw, shape) : raw, rejectUnauthorized: false, ...rest });
  try {
    await once(socket, "secureConnect");
    const subject = socket.getPeerCertificate().subject.CN;
    socket.write("hi");
    const [answer] = await once(socket, "data");
    return { answer: String(answer), subject, alpn: socket.alpnProtocol };
  } finally {
    socket.destroy();
    raw.destroy();
  }
}

/** How a client that began a handshake is told of a closed connection. */
const closedEarly = /before secure TLS connection|ECONNRESET/;

test("passthrough picks the backend by the most specific hostname and leaves its certificate to it", async () => {
  await using exact = await tlsBackend("exact.test");
  await using wild = await tlsBackend("wild.test");
  await using deep = await tlsBackend("deep.test");
  await using fixture = await startPlane(
    buildStreams([
      {
        protocol: "TLS",
        port: 80,
        tls: passthrough,
        routes: {
          "*.example.com": [{ name: "wild", ports: [wild.port] }],
          "*.deep.example.com": [{ name: "deep", ports: [deep.port] }],
          "db.example.com": [{ name: "exact", ports: [exact.port] }],
        },
      },
    ]),
  );
  const rows = [
    ["db.example.com", "exact.test"],
    ["DB.Example.com", "exact.test"],
    ["other.example.com", "wild.test"],
    ["a.b.example.com", "wild.test"],
    ["x.deep.example.com", "deep.test"],
  ] as const;
  for (const [servername, subject] of rows) {
    assert.deepEqual(await ask(fixture.port, { servername }), { answer: `${subject}:hi`, subject, alpn: false });
  }
  await assert.rejects(ask(fixture.port, { servername: "example.com" }), closedEarly);
});

test("a ClientHello is read whole when it drips byte by byte, and when it is split over records", async () => {
  await using backend = await tlsBackend("slow.test");
  await using fixture = await startPlane(
    buildStreams([
      { protocol: "TLS", port: 80, tls: passthrough, routes: { "slow.test": [{ name: "s", ports: [backend.port] }] } },
    ]),
  );
  for (const shape of [{ kind: "drip" }, { kind: "records", bytes: 1 }, { kind: "records", bytes: 100 }] as const) {
    assert.equal((await ask(fixture.port, { servername: "slow.test", shape })).answer, "slow.test:hi");
  }
});

test("a connection with an unknown server name, or with none at all, is closed without an answer", async () => {
  await using backend = await tlsBackend("a.test");
  await using fixture = await startPlane(
    buildStreams([
      {
        protocol: "TLS",
        port: 80,
        hostname: "*.test",
        tls: passthrough,
        routes: { "a.test": [{ name: "a", ports: [backend.port] }] },
      },
    ]),
  );
  for (const servername of ["b.test", "elsewhere.org", ""]) {
    await assert.rejects(ask(fixture.port, { servername }), closedEarly);
  }
  assert.equal((await ask(fixture.port, { servername: "a.test" })).answer, "a.test:hi");
});

test("a TLS listener that ends TLS forwards what is inside, with the certificate of the server name", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => {
    let got = "";
    socket.on("data", (bytes) => {
      got += bytes;
      socket.write(`clear:${bytes}`);
    });
    socket.on("end", () => socket.end(`all of ${got}`));
  });
  const certificates = {
    "db.test": makeCertificate({ names: ["db.test"] }),
    "*.wild.test": makeCertificate({ names: ["*.wild.test"] }),
  };
  await using fixture = await startPlane(
    buildStreams(
      [
        {
          protocol: "TLS",
          port: 80,
          tls: terminate(certificates),
          routes: { "*": [{ name: "db", ports: [upstream.port] }] },
        },
      ],
      secretsOf(certificates),
    ),
  );
  const db = await ask(fixture.port, { servername: "db.test", ALPNProtocols: ["postgresql"] });
  assert.deepEqual(db, { answer: "clear:hi", subject: "db.test", alpn: false });
  assert.equal((await ask(fixture.port, { servername: "x.wild.test" })).subject, "*.wild.test");
  assert.equal((await ask(fixture.port)).subject, "db.test");
  await using client = await RawClient.connectTls(fixture.port, { servername: "db.test", rejectUnauthorized: false });
  client.socket.end("bye");
  assert.equal(await client.rest(), "clear:byeall of bye");
  await eventually(() => fixture.records.length === 4);
  const record = fixture.records.find(({ bytesIn }) => bytesIn === 3);
  assert.deepEqual(
    [record?.protocol, record?.hostname, record?.bytesOut, record?.responseFlag],
    ["TLS", "db.test", 19, "-"],
  );
});

test("HTTPS, TLS that ends here and TLS passed through live on one port", async () => {
  await using web = await RawUpstream.start(() => "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nweb");
  await using tcp = await RawUpstream.startRaw((socket) => socket.on("data", (bytes) => socket.write(`tcp:${bytes}`)));
  await using passed = await tlsBackend("pass.test");
  const certificates = {
    "web.test": makeCertificate({ names: ["web.test"] }),
    "tcp.test": makeCertificate({ names: ["tcp.test"] }),
  };
  const http = buildUpdate([
    {
      name: "https",
      port: 80,
      hostname: "web.test",
      tls: terminate({ "web.test": certificates["web.test"] }),
      rules: [{ name: "web", backends: [{ name: "web", ports: [web.port] }] }],
    },
  ]);
  const streams = buildStreams(
    [
      {
        protocol: "TLS",
        port: 80,
        hostname: "tcp.test",
        tls: terminate({ "tcp.test": certificates["tcp.test"] }),
        routes: { "tcp.test": [{ name: "tcp", ports: [tcp.port] }] },
      },
      {
        protocol: "TLS",
        port: 80,
        hostname: "pass.test",
        tls: passthrough,
        routes: { "pass.test": [{ name: "pass", ports: [passed.port] }] },
      },
    ],
    secretsOf(certificates),
  );
  const mixed = mergeUpdates(http, streams);
  await using fixture = await startPlane({ ...http, secrets: mixed.secrets });
  const { port } = fixture;
  const askWeb = async () => {
    await using client = await RawClient.connectTls(port, { servername: "web.test", rejectUnauthorized: false });
    client.send(get("/", "", "web.test"));
    return (await client.response()).body;
  };
  assert.equal(await askWeb(), "web");
  // The socket stays when TLS listeners join it, and when they leave.
  const report = await fixture.plane.apply(mixed);
  assert.equal(Object.keys(report.listeners).length, 3);
  for (const one of Object.values(report.listeners)) {
    assert.deepEqual(one, { state: "programmed", address: "127.0.0.1", port });
  }
  assert.equal(await askWeb(), "web");
  assert.equal((await ask(port, { servername: "tcp.test" })).answer, "tcp:hi");
  assert.equal((await ask(port, { servername: "pass.test" })).subject, "pass.test");
  assert.equal((await ask(port, { servername: "tcp.test", shape: { kind: "drip" } })).answer, "tcp:hi");
  await assert.rejects(ask(port, { servername: "no.test" }), closedEarly);
  await fixture.plane.apply({ ...http, secrets: mixed.secrets });
  assert.equal(await askWeb(), "web");
});

test("a terminated stream goes on over TLS where the cluster says so; one that is passed through does not", async () => {
  const authority = makeCertificate({ commonName: "root", authority: "yes" });
  const leaf = makeCertificate({ names: ["inner.test"], issuer: authority });
  const server = createServer({ cert: leaf.certPem, key: leaf.keyPem }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => socket.end(`inner:${bytes}`));
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const certificates = { "edge.test": makeCertificate({ names: ["edge.test"] }) };
  const secrets = secretsOf(certificates);
  secrets.set("good", { kind: "ca", bundlePem: authority.certPem });
  secrets.set("other", { kind: "ca", bundlePem: makeCertificate({ commonName: "root", authority: "yes" }).certPem });
  const backend = (name: string, ca: string) => ({
    name,
    ports: [port],
    cluster: {
      tls: {
        hostname: "inner.test",
        ca: [{ kind: "bundle" as const, key: ca, fingerprint: ca }],
        subjectAltNames: [],
      },
    },
  });
  try {
    await using fixture = await startPlane(
      buildStreams(
        [
          {
            protocol: "TLS",
            port: 80,
            hostname: "edge.test",
            tls: terminate(certificates),
            routes: { "edge.test": [backend("good", "good")] },
          },
          {
            protocol: "TLS",
            port: 80,
            hostname: "bad.test",
            tls: terminate(certificates),
            routes: { "bad.test": [backend("bad", "other")] },
          },
          {
            protocol: "TLS",
            port: 80,
            hostname: "inner.test",
            tls: passthrough,
            routes: { "inner.test": [backend("pass", "other")] },
          },
        ],
        secrets,
      ),
    );
    assert.equal((await ask(fixture.port, { servername: "edge.test" })).answer, "inner:hi");
    assert.equal((await ask(fixture.port, { servername: "inner.test" })).subject, "inner.test");
    await using client = await RawClient.connectTls(fixture.port, {
      servername: "bad.test",
      rejectUnauthorized: false,
    });
    client.send("hi");
    assert.equal((await client.ending()).left, "");
    assert.ok(fixture.records.some(({ responseFlag }) => responseFlag === "UTF"));
  } finally {
    server.close();
    await once(server, "close");
  }
});

test("an endpoint that does not finish its handshake in time is passed over for another one", async () => {
  const authority = makeCertificate({ commonName: "root", authority: "yes" });
  const leaf = makeCertificate({ names: ["inner.test"], issuer: authority });
  await using silent = await RawUpstream.startRaw(() => {});
  const server = createServer({ cert: leaf.certPem, key: leaf.keyPem }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => socket.end(`inner:${bytes}`));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const certificates = { "edge.test": makeCertificate({ names: ["edge.test"] }) };
  const secrets = secretsOf(certificates);
  secrets.set("ca", { kind: "ca", bundlePem: authority.certPem });
  const cluster = {
    tls: {
      hostname: "inner.test",
      ca: [{ kind: "bundle" as const, key: "ca", fingerprint: "ca" }],
      subjectAltNames: [],
    },
  };
  try {
    await using fixture = await startPlane(
      buildStreams(
        [
          {
            protocol: "TLS",
            port: 80,
            tls: terminate(certificates),
            routes: { "*": [{ name: "a", ports: [silent.port, port], cluster, traffic: { connectTimeoutMs: 100 } }] },
          },
        ],
        secrets,
      ),
    );
    assert.equal((await ask(fixture.port, { servername: "edge.test" })).answer, "inner:hi");
    assert.equal(silent.connections, 1);
  } finally {
    server.close();
    await once(server, "close");
  }
});

test("a certificate that changes is shown to new connections, and open ones go on", async () => {
  await using upstream = await RawUpstream.startRaw((socket) => socket.on("data", (bytes) => socket.write(bytes)));
  const model = (certificate: TestCertificate, fingerprint: string) =>
    buildStreams(
      [
        {
          protocol: "TLS",
          port: 80,
          tls: {
            mode: "terminate",
            minVersion: "TLSv1.2",
            certificates: [{ key: "a.test", fingerprint, names: ["a.test"] }],
          },
          routes: { "*": [{ name: "a", ports: [upstream.port] }] },
        },
      ],
      secretsOf({ "a.test": certificate }),
    );
  await using fixture = await startPlane(model(makeCertificate({ commonName: "first", names: ["a.test"] }), "1"));
  await using open = await RawClient.connectTls(fixture.port, { servername: "a.test", rejectUnauthorized: false });
  open.send("1");
  assert.equal(await open.bytes(1), "1");
  assert.equal((await ask(fixture.port, { servername: "a.test" })).subject, "first");
  await fixture.plane.apply(model(makeCertificate({ commonName: "second", names: ["a.test"] }), "2"));
  assert.equal((await ask(fixture.port, { servername: "a.test" })).subject, "second");
  assert.equal((await ask(fixture.port)).subject, "second");
  open.send("2");
  assert.equal(await open.bytes(1), "2");
});
