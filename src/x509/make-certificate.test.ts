import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { readDer, splitCertificates } from "./der.ts";
import { type CertificateRequest, type KeyedCertificate, makeCertificate } from "./make-certificate.ts";

const hourMs = 3_600_000;
const nowMs = Date.now();
const times = { notBeforeMs: nowMs - hourMs, notAfterMs: nowMs + hourMs };

const authority = makeCertificate({
  organization: "Test",
  commonName: "authority",
  purpose: "authority",
  alternativeNames: [],
  ...times,
});

const leaf = (purpose: "serverAuth" | "clientAuth", uri: string, issuer: KeyedCertificate = authority) =>
  makeCertificate({
    organization: "Test",
    commonName: purpose,
    purpose,
    alternativeNames: [
      { kind: "uri", value: uri },
      { kind: "host", value: "a.example.com" },
      { kind: "host", value: "127.0.0.1" },
    ],
    ...times,
    issuer,
  } satisfies CertificateRequest);

test("makeCertificate: a leaf is signed by its authority, names what was asked, and differs in serial from the next", () => {
  const root = new X509Certificate(authority.certificatePem);
  const one = new X509Certificate(leaf("serverAuth", "spiffe://test/one").certificatePem);
  const two = new X509Certificate(leaf("serverAuth", "spiffe://test/two").certificatePem);
  assert.ok(one.checkIssued(root));
  assert.ok(one.verify(root.publicKey));
  assert.equal(one.verify(two.publicKey), false);
  assert.equal(root.ca, true);
  assert.equal(one.ca, false);
  assert.equal(one.subjectAltName, "URI:spiffe://test/one, DNS:a.example.com, IP Address:127.0.0.1");
  assert.deepEqual(one.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
  assert.equal(one.issuer, root.subject);
  assert.notEqual(one.serialNumber, two.serialNumber);
  assert.equal(one.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
});

test("makeCertificate: OpenSSL verifies both ends for their purpose, and for no other", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, { certificatePem }: KeyedCertificate) => {
    writeFileSync(join(folder, name), certificatePem);
    return join(folder, name);
  };
  const run = (...args: readonly string[]) => execFileSync("openssl", [...args], { stdio: "pipe" }).toString();
  try {
    run("version");
  } catch {
    t.skip("openssl is not installed");
    return;
  }
  const root = write("root.pem", authority);
  const server = write("server.pem", leaf("serverAuth", "spiffe://test/server"));
  const client = write("client.pem", leaf("clientAuth", "spiffe://test/client"));
  const verify = (purpose: string, file: string) =>
    run("verify", "-x509_strict", "-purpose", purpose, "-CAfile", root, file);
  assert.match(verify("sslserver", server), /OK/);
  assert.match(verify("sslclient", client), /OK/);
  assert.throws(() => verify("sslserver", client));
  assert.throws(() => verify("sslclient", server));
  const text = run("x509", "-in", root, "-noout", "-text");
  assert.match(text, /CA:TRUE, pathlen:0/);
  assert.match(text, /Certificate Sign/);
  // A leaf must not sign: not even its own kind.
  const rogue = write("rogue.pem", leaf("serverAuth", "spiffe://test/rogue", leaf("serverAuth", "spiffe://test/x")));
  assert.throws(() => verify("sslserver", rogue));
});

test("makeCertificate: a handshake with certificates on both sides", async () => {
  const server = leaf("serverAuth", "spiffe://test/server");
  const client = leaf("clientAuth", "spiffe://test/client");
  const listening = createServer(
    {
      cert: server.certificatePem,
      key: server.keyPem,
      ca: authority.certificatePem,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (socket: TLSSocket) => socket.end(socket.getPeerX509Certificate()?.subjectAltName ?? "none"),
  );
  listening.on("tlsClientError", () => {});
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  const ask = async (pair: KeyedCertificate): Promise<string> => {
    const socket = connect({
      host: "127.0.0.1",
      port,
      ca: authority.certificatePem,
      cert: pair.certificatePem,
      key: pair.keyPem,
    });
    return Buffer.concat(await socket.toArray()).toString();
  };
  assert.match(await ask(client), /URI:spiffe:\/\/test\/client/);
  // With TLS 1.3 a client learns of the refusal by an alert, or by an early end.
  assert.equal(await ask(server).catch(() => ""), "", "a server's certificate is none for clients");
  listening.close();
});

test("splitCertificates: each certificate of a bundle", () => {
  const other = leaf("serverAuth", "spiffe://test/other").certificatePem;
  assert.deepEqual(splitCertificates(`# comment\n${authority.certificatePem}${other}`), [
    authority.certificatePem,
    other,
  ]);
  assert.deepEqual(splitCertificates("nothing"), []);
});

test("readDer: refuses bytes that are cut short", () => {
  const { raw } = new X509Certificate(authority.certificatePem);
  assert.equal(readDer(raw).length, 1);
  for (const length of [1, 2, 3, raw.length - 1]) assert.throws(() => readDer(raw.subarray(0, length)), RangeError);
});
