import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { connect } from "node:tls";
import { SecretTable } from "../../src/ir/secret-table.ts";
import { makeCertificate } from "../test-certificate.ts";
import { Http2Client } from "./http2-client.ts";
import { buildUpdate, type TestListener } from "./model-builder.ts";
import { type PlaneFixture, startPlane } from "./plane-fixture.ts";
import { get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";

const wildcard = makeCertificate({ names: ["*.example.test"] });

/** HTTPS listeners for these hostnames, all with the wildcard certificate. */
function startSecure(hostnames: readonly string[], port: number): Promise<PlaneFixture> {
  const listeners = hostnames.map(
    (hostname, i): TestListener => ({
      name: `https-${i}`,
      port: 443,
      hostname,
      tls: {
        mode: "terminate",
        certificates: [{ key: "demo/wildcard", fingerprint: "1", names: ["*.example.test"] }],
        minVersion: "TLSv1.2",
      },
      rules: [{ name: `app-${i}`, backends: [{ name: "app", ports: [port] }] }],
    }),
  );
  const secrets = new SecretTable(
    new Map([["demo/wildcard", { kind: "certificate", chainPem: wildcard.certPem, keyPem: wildcard.keyPem } as const]]),
  );
  return startPlane({ ...buildUpdate(listeners), secrets });
}

function secureClient(port: number, servername: string): Http2Client {
  return new Http2Client(`https://127.0.0.1:${port}`, { servername, rejectUnauthorized: false });
}

test("HTTP/2 over TLS: ALPN chooses it, and HTTP/1.1 for clients that do not offer it", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  await using gateway = await startSecure(["a.example.test"], upstream.port);
  const port = gateway.plane.boundPort(443)!;
  await using client = secureClient(port, "a.example.test");
  const response = await client.request({ ":path": "/", ":authority": "a.example.test" });
  assert.equal(client.session.alpnProtocol, "h2");
  assert.equal(response.body.toString(), "secure");
  assert.match(upstream.requests[0]!.head, /\r\nx-forwarded-proto: https\r\n/);
  for (const ALPNProtocols of [["http/1.1"], undefined]) {
    const options = { servername: "a.example.test", rejectUnauthorized: false };
    await using old = await RawClient.connectTls(
      port,
      ALPNProtocols === undefined ? options : { ...options, ALPNProtocols },
    );
    old.send(get("/", "", "a.example.test"));
    assert.equal((await old.response()).body, "secure");
  }
  const both = connect({
    port,
    host: "127.0.0.1",
    servername: "a.example.test",
    rejectUnauthorized: false,
    ALPNProtocols: ["http/1.1", "h2"],
  });
  await once(both, "secureConnect");
  assert.equal(both.alpnProtocol, "h2", "the server's preference holds");
  both.destroy();
});

test("HTTP/2 over TLS: a request for another listener's host gets 421, and the connection serves its own", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  await using gateway = await startSecure(["a.example.test", "b.example.test"], upstream.port);
  await using client = secureClient(gateway.plane.boundPort(443)!, "a.example.test");
  assert.equal((await client.request({ ":authority": "b.example.test" })).status, 421);
  assert.equal((await client.request({ ":authority": "a.example.test" })).status, 200);
  assert.equal(gateway.records[0]!.responseFlag, "MR");
});

test("HTTP/2 over TLS: requests on a connection whose listener is gone get 421", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  await using gateway = await startSecure(["a.example.test", "b.example.test"], upstream.port);
  await using client = secureClient(gateway.plane.boundPort(443)!, "a.example.test");
  assert.equal((await client.request({ ":authority": "a.example.test" })).status, 200);
  const update = buildUpdate([
    {
      name: "https-1",
      port: 443,
      hostname: "b.example.test",
      tls: {
        mode: "terminate",
        certificates: [{ key: "demo/wildcard", fingerprint: "1", names: ["*.example.test"] }],
        minVersion: "TLSv1.2",
      },
      rules: [{ name: "app-1", backends: [{ name: "app", ports: [upstream.port] }] }],
    },
  ]);
  const secrets = new SecretTable(
    new Map([["demo/wildcard", { kind: "certificate", chainPem: wildcard.certPem, keyPem: wildcard.keyPem } as const]]),
  );
  await gateway.plane.apply({ ...update, secrets });
  assert.equal((await client.request({ ":authority": "a.example.test" })).status, 421);
});
