import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { connect } from "node:tls";
import { makeCertificate } from "../test-certificate.ts";
import { makeOcspResponse } from "../test-ocsp-response.ts";
import { buildUpdate } from "./model-builder.ts";
import { startPlane } from "./plane-fixture.ts";
import { get, RawClient } from "./raw-client.ts";
import { ok, RawUpstream } from "./raw-upstream.ts";
import { handshake, httpsListener, root, type Secrets, statusOf, terminate } from "./tls-model.ts";

const host = "a.example.test";
const dayMs = 86_400_000;

test("certificates: an ECDSA and an RSA one for a name are served side by side, as the client can", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const ec = makeCertificate({ names: [host], issuer: root });
  // Signed by its own kind: a client that knows RSA alone could not check another signature.
  const rsaRoot = makeCertificate({ commonName: "RSA root", authority: "yes", keyType: "rsa" });
  const rsa = makeCertificate({ names: [host], issuer: rsaRoot, keyType: "rsa" });
  const ca = [root.certPem, rsaRoot.certPem];
  for (const pair of [
    [ec, rsa],
    [rsa, ec],
  ]) {
    const secrets: Secrets = new Map();
    const tls = terminate(
      secrets,
      pair.map((certificate) => [certificate, [host]] as const),
    );
    const other = makeCertificate({ names: ["b.example.test"], issuer: root });
    const listeners = [
      httpsListener("a", "", tls, upstream.port),
      httpsListener("b", "b.example.test", terminate(secrets, [[other, ["b.example.test"]]]), upstream.port),
    ];
    for (const alone of [true, false]) {
      await using gateway = await startPlane(buildUpdate(alone ? listeners.slice(0, 1) : listeners, secrets));
      await assertBoth(gateway.plane.boundPort(443)!, ca);
      if (!alone) assert.equal((await handshake(gateway.plane.boundPort(443)!, "b.example.test")).keyType, "ec");
    }
  }
});

async function assertBoth(port: number, ca: string[]): Promise<void> {
  for (const name of [host, ""]) {
    const keyType = async (client: object) => (await handshake(port, name, { ca, ...client })).keyType;
    assert.equal(await keyType({ sigalgs: "rsa_pss_rsae_sha256:rsa_pkcs1_sha256" }), "rsa", name);
    assert.equal(await keyType({ sigalgs: "ecdsa_secp256r1_sha256" }), "ec", name);
    assert.equal(await keyType({ maxVersion: "TLSv1.2", ciphers: "ECDHE-RSA-AES128-GCM-SHA256" }), "rsa", name);
    assert.equal(await keyType({ maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" }), "ec", name);
  }
}

test("certificates: of two for a name with keys of one type the first is served", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  for (const keyType of ["rsa", "ec"] as const) {
    const secrets: Secrets = new Map();
    const pair = ["first", "second"].map(
      (commonName) => [makeCertificate({ commonName, names: [host], issuer: root, keyType }), [host]] as const,
    );
    const listener = httpsListener("a", host, terminate(secrets, pair), upstream.port);
    await using gateway = await startPlane(buildUpdate([listener], secrets));
    assert.equal((await handshake(gateway.plane.boundPort(443)!, host)).subject, "first");
  }
});

test("certificates: of several on a listener the exact name wins, then the wildcard, then the first in the list", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const secrets: Secrets = new Map();
  const made = [["first.test"], ["*.example.test"], [host, "b.example.test"]].map(
    (names) => [makeCertificate({ commonName: names[0]!, names, issuer: root }), names] as const,
  );
  const tls = terminate(secrets, made);
  await using gateway = await startPlane(buildUpdate([httpsListener("a", "", tls, upstream.port)], secrets));
  const port = gateway.plane.boundPort(443)!;
  const shown = async (name: string): Promise<string> => (await handshake(port, name)).subject;
  assert.equal(await shown(host), host);
  assert.equal(await shown("B.example.test"), host);
  assert.equal(await shown("c.example.test"), "*.example.test");
  assert.equal(await shown("unknown.test"), "first.test");
  assert.equal(await shown(""), "first.test");
});

test("certificates: requests for a name of another listener on the connection get 421, those of one listener do not", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const secrets: Secrets = new Map();
  const names = ["a.example.test", "b.example.test", "x.wild.test", "exact.wild.test"];
  const certificate = makeCertificate({ names: [...names, "*.wild.test"], issuer: root });
  const tls = terminate(secrets, [[certificate, [...names, "*.wild.test"]]]);
  const update = buildUpdate(
    [
      httpsListener("a", "a.example.test", tls, upstream.port),
      httpsListener("wild", "*.wild.test", tls, upstream.port),
      httpsListener("exact", "exact.wild.test", tls, upstream.port),
      httpsListener("any", "", tls, upstream.port),
    ],
    secrets,
  );
  await using gateway = await startPlane(update);
  const port = gateway.plane.boundPort(443)!;
  const asked = async (servername: string, requested: string): Promise<number> => {
    const options = { ca: root.certPem, servername, checkServerIdentity: () => undefined };
    await using client = await RawClient.connectTls(port, options);
    client.send(get("/", "", requested));
    return (await client.response()).status;
  };
  assert.equal(await asked("x.wild.test", "y.wild.test"), 200, "the same listener");
  assert.equal(await asked("x.wild.test", "exact.wild.test"), 421, "a more specific listener has it");
  assert.equal(await asked("exact.wild.test", "x.wild.test"), 421);
  assert.equal(await asked("a.example.test", "b.example.test"), 421, "the listener for any name has it");
  assert.equal(await asked("b.example.test", "c.example.test"), 200);
  assert.equal(await asked("b.example.test", "a.example.test"), 421);
});

test("certificates: a rotation under load drops no connection, fails no handshake, and shows the new one", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const update = (commonName: string) => {
    const secrets: Secrets = new Map();
    const certificate = makeCertificate({ commonName, names: [host], issuer: root });
    return buildUpdate([httpsListener("a", host, terminate(secrets, [[certificate, [host]]]), upstream.port)], secrets);
  };
  await using gateway = await startPlane(update("certificate 0"));
  const port = gateway.plane.boundPort(443)!;
  const last = 12;
  let rotating = true;
  const options = { ca: root.certPem, servername: host, checkServerIdentity: () => undefined };
  const keepAlive = async (): Promise<number> => {
    await using client = await RawClient.connectTls(port, options);
    for (let requests = 0; ; requests++) {
      if (!rotating) return requests;
      client.send(get("/", "", host));
      assert.equal((await client.response()).status, 200);
    }
  };
  const newcomers = async (): Promise<number> => {
    for (let handshakes = 0; ; handshakes++) {
      if (!rotating) return handshakes;
      assert.equal(await statusOf(port, host), 200);
    }
  };
  const load = [keepAlive(), keepAlive(), newcomers(), newcomers()];
  for (let turn = 1; turn <= last; turn++) {
    await gateway.plane.apply(update(`certificate ${turn}`));
    assert.equal((await handshake(port, host)).subject, `certificate ${turn}`);
  }
  rotating = false;
  for (const served of await Promise.all(load)) assert.ok(served > 0);
  const failures = gateway.telemetry.registry.counter("gateway_tls_handshakes_total", "web", "demo", "a", "failed");
  assert.equal(failures.value, 0);
});

/** What the server stapled: `null` for nothing. */
async function staple(port: number, servername: string): Promise<Buffer | null> {
  const socket = connect({ port, host: "127.0.0.1", servername, ca: root.certPem, requestOCSP: true });
  const answered = once(socket, "OCSPResponse");
  await once(socket, "secureConnect");
  const [response] = (await answered) as [Buffer | null];
  socket.destroy();
  return response;
}

test("OCSP: the Secret's response is stapled while it is current, and never for another certificate", async () => {
  await using upstream = await RawUpstream.start(() => ok("secure"));
  const nowMs = Date.now();
  const certificateOf = (name: string, keyType: "ec" | "rsa" = "ec") =>
    makeCertificate({ names: [name], issuer: root, keyType });
  const responseFor = (certificate: ReturnType<typeof certificateOf>) =>
    makeOcspResponse(certificate, root).toString("base64");
  const current = certificateOf("current.test");
  const over = certificateOf("over.test");
  const early = certificateOf("early.test");
  const both = [certificateOf("both.test"), certificateOf("both.test", "rsa")];
  const times = { fromMs: nowMs - dayMs, toMs: nowMs + dayMs };
  // Signed anew each time that one is made.
  const response = responseFor(current);
  const secrets: Secrets = new Map();
  const tls = terminate(secrets, [
    [certificateOf("none.test"), ["none.test"]],
    [current, ["current.test"], { responseBase64: response, ...times }],
    [over, ["over.test"], { responseBase64: responseFor(over), ...times, toMs: nowMs - 1_000 }],
    [early, ["early.test"], { responseBase64: responseFor(early), ...times, fromMs: nowMs + dayMs }],
    [both[0]!, ["both.test"], { responseBase64: responseFor(both[0]!), ...times }],
    [both[1]!, ["both.test"], { responseBase64: responseFor(both[1]!), ...times }],
  ]);
  await using gateway = await startPlane(buildUpdate([httpsListener("a", "", tls, upstream.port)], secrets));
  const port = gateway.plane.boundPort(443)!;
  assert.deepEqual(await staple(port, "current.test"), Buffer.from(response, "base64"));
  for (const name of ["none.test", "over.test", "early.test", "both.test"]) {
    assert.equal((await staple(port, name))?.length ?? 0, 0, name);
  }
});
