/** How TLS connections end other than by agreement. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { connect as connectTls, createSecureContext, TLSSocket } from "node:tls";
import type { PlaneUpdate } from "../../src/ir/plane.ts";
import { makeCertificate } from "../test-certificate.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane } from "./plane-fixture.ts";
import { get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { httpsListener, root, type Secrets, terminate } from "./tls-model.ts";

const leaf = makeCertificate({ names: ["backend.test"], issuer: root });
const secureContext = createSecureContext({ cert: leaf.certPem, key: leaf.keyPem });

/** A record of application data that no key of the connection made: to its receiver a fatal error. RFC 8446 section 5.2. */
const badRecord = Buffer.concat([Buffer.of(23, 3, 3, 0, 40), Buffer.alloc(40, 1)]);

/** `raw` as a stream to put TLS on, so that what goes through beside TLS can be written to `raw` itself. */
function underTls(raw: Socket): Duplex {
  const stream = new Duplex({ read() {}, write: (chunk, _encoding, done) => raw.write(chunk, () => done()) });
  raw.on("data", (chunk) => stream.push(chunk));
  raw.on("end", () => stream.push(null));
  raw.on("error", () => {});
  return stream;
}

type Backend = (raw: Socket, secure: TLSSocket) => void;

/** A backend over TLS that has both its TLS and the TCP under it at hand when a request has come. */
function startBackend(onRequest: Backend, maxVersion: "TLSv1.2" | "TLSv1.3"): Promise<RawUpstream> {
  return RawUpstream.startRaw((raw) => {
    const secure = new TLSSocket(underTls(raw), { isServer: true, secureContext, maxVersion });
    secure.on("error", () => {});
    secure.on("data", () => onRequest(raw, secure));
  });
}

function backedBy(port: number, protocol: "http1" | "http2" = "http1"): PlaneUpdate {
  const tls = {
    hostname: "backend.test",
    ca: [{ kind: "bundle" as const, key: "ca", fingerprint: "ca" }],
    subjectAltNames: [],
  };
  const backends = [{ name: "app", ports: [port], cluster: { protocol, tls } }];
  return buildUpdate(
    [{ name: "http", port: 80, rules: [{ name: "app", backends }] }],
    new Map([["ca", { kind: "ca", bundlePem: root.certPem }]]),
  );
}

for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`a fatal TLS error of a backend fails the request at once: ${maxVersion}`, async () => {
    await using backend = await startBackend((raw) => raw.write(badRecord), maxVersion);
    await using gateway = await startPlane(backedBy(backend.port));
    await using client = await RawClient.connect(gateway.port);
    client.send(get("/"));
    assert.equal((await client.response()).status, 502);
    assert.equal(gateway.records[0]!.responseFlag, "UTF");
  });

  test(`a fatal TLS error in the middle of an answer breaks it off at once: ${maxVersion}`, async () => {
    await using backend = await startBackend((raw, secure) => {
      secure.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", () => raw.write(badRecord));
    }, maxVersion);
    await using gateway = await startPlane(backedBy(backend.port));
    await using client = await RawClient.connect(gateway.port);
    client.send(get("/"));
    assert.equal((await client.ending()).how, "reset");
    assert.equal(gateway.records[0]!.responseFlag, "UTF");
  });

  for (const bytes of [5, 400_000]) {
    const head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    const body = "x".repeat(bytes);

    test(`an answer that ends with its TLS is complete: ${bytes} bytes, ${maxVersion}`, async () => {
      await using backend = await startBackend((_raw, secure) => secure.end(head + body), maxVersion);
      await using gateway = await startPlane(backedBy(backend.port));
      await using client = await RawClient.connect(gateway.port);
      client.send(get("/"));
      assert.equal((await client.response()).body.length, bytes);
      assert.equal(gateway.records[0]!.responseFlag, "-");
    });

    test(`an answer that ends with TCP, and not with its TLS, is incomplete: ${bytes} bytes, ${maxVersion}`, async () => {
      await using backend = await startBackend((raw, secure) => {
        secure.write(head + body, () => raw.end());
      }, maxVersion);
      await using gateway = await startPlane(backedBy(backend.port));
      await using client = await RawClient.connect(gateway.port);
      client.send(get("/"));
      const { how, left } = await client.ending();
      assert.equal(how, "reset");
      assert.doesNotMatch(left, /\r\n0\r\n\r\n$/);
      assert.equal(gateway.records[0]!.responseFlag, "UC");
    });
  }
}

test("a fatal TLS error of an HTTP/2 backend fails the request at once", async () => {
  await using backend = await startBackend((raw) => raw.write(badRecord), "TLSv1.3");
  await using gateway = await startPlane(backedBy(backend.port, "http2"));
  await using client = await RawClient.connect(gateway.port);
  client.send(get("/"));
  assert.equal((await client.response()).status, 502);
});

for (const when of ["between requests", "while a request waits for its answer"] as const) {
  test(`after a fatal alert of ours, the client's TCP connection ends at once: ${when}`, async () => {
    await using backend = await RawUpstream.start(({ head }) => (head.includes(" /wait ") ? undefined : ok("here")));
    const secrets: Secrets = new Map();
    const certificate = makeCertificate({ names: ["app.example.test"], issuer: root });
    const tls = terminate(secrets, [[certificate, ["app.example.test"]]]);
    const update = buildUpdate([httpsListener("a", "app.example.test", tls, backend.port)], secrets);
    await using gateway = await startPlane(update, { settings: { idleTimeoutMs: 3_600_000 } });
    const raw = connect(gateway.plane.boundPort(443)!, "127.0.0.1");
    const closed = once(raw, "close");
    const secure = connectTls({ socket: underTls(raw), ca: root.certPem, servername: "app.example.test" });
    secure.on("error", () => {});
    await once(secure, "secureConnect");
    const client = new RawClient(secure);
    client.send(get(when === "between requests" ? "/" : "/wait"));
    if (when === "between requests") assert.equal((await client.response()).body, "here");
    while (backend.requests.length === 0) await new Promise(setImmediate);
    raw.write(badRecord);
    await closed;
  });
}
