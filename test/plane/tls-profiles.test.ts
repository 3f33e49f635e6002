import assert from "node:assert/strict";
import { test } from "node:test";
import { makeCertificate } from "../test-certificate.ts";
import { buildUpdate } from "./model-builder.ts";
import { type PlaneFixture, startPlane } from "./plane-fixture.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import {
  handshake,
  httpsListener,
  type ListenerTlsSettings,
  root,
  type Secrets,
  statusOf,
  terminate,
} from "./tls-model.ts";

const names = ["a.example.test", "b.example.test"];
const server = makeCertificate({ names, issuer: root });

function start(backendPort: number, settings: readonly Partial<ListenerTlsSettings>[]): Promise<PlaneFixture> {
  const secrets: Secrets = new Map();
  const listeners = settings.map((one, i) =>
    httpsListener(names[i]!, names[i]!, terminate(secrets, [[server, [names[i]!]]], one), backendPort),
  );
  return startPlane(buildUpdate(listeners, secrets));
}

test("TLS profiles: a listener of TLS 1.3 alone refuses TLS 1.2, also beside one that takes it", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const old = { maxVersion: "TLSv1.2" } as const;
  const modern = { minVersion: "TLSv1.3" } as const;
  for (const settings of [[modern], [modern, {}]]) {
    await using gateway = await start(upstream.port, settings);
    const port = gateway.plane.boundPort(443)!;
    assert.equal((await handshake(port, names[0]!)).protocol, "TLSv1.3");
    assert.equal(await statusOf(port, names[0]!, old), "refused");
    if (settings.length > 1) assert.equal((await handshake(port, names[1]!, old)).protocol, "TLSv1.2");
  }
});

test("TLS profiles: custom suites and groups are spoken, and nothing else, also beside a listener of the default", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const custom = {
    cipherSuites: ["TLS_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-AES128-SHA256"],
    groups: ["secp521r1"],
  };
  for (const settings of [[custom], [custom, {}]]) {
    await using gateway = await start(upstream.port, settings);
    const port = gateway.plane.boundPort(443)!;
    // The second is that of the certificate: TLS 1.2 wants the client to know it.
    const own = { ecdhCurve: "secp521r1:prime256v1" };
    assert.equal((await handshake(port, names[0]!, own)).cipher, "TLS_CHACHA20_POLY1305_SHA256");
    const weak = { ...own, maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA256" } as const;
    assert.equal((await handshake(port, names[0]!, weak)).cipher, "ECDHE-ECDSA-AES128-SHA256");
    assert.equal(await statusOf(port, names[0]!, { ecdhCurve: "X25519" }), "refused");
    const strong = { ...own, maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" } as const;
    assert.equal(await statusOf(port, names[0]!, strong), "refused");
    if (settings.length < 2) continue;
    assert.equal((await handshake(port, names[1]!, { ecdhCurve: "X25519" })).cipher, "TLS_AES_128_GCM_SHA256");
    assert.equal(await statusOf(port, names[1]!, weak), "refused");
    assert.equal(await statusOf(port, "unknown.test"), "refused");
  }
});
