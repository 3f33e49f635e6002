import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { connect, createServer } from "node:tls";
import { makeSelfSigned } from "./self-signed.ts";

const nowMs = Date.UTC(2026, 5, 1);
const dayMs = 86_400_000;

test("makeSelfSigned() names every host, and is valid for 30 days from now", () => {
  const { certificatePem } = makeSelfSigned(["shop.example.com", "*.apps.example.com", "127.0.0.1", "::1"], nowMs);
  const certificate = new X509Certificate(certificatePem);
  assert.equal(
    certificate.subjectAltName,
    "DNS:shop.example.com, DNS:*.apps.example.com, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
  );
  assert.equal(certificate.checkHost("mail.apps.example.com"), "*.apps.example.com");
  assert.equal(certificate.ca, false);
  assert.equal(certificate.validFromDate.getTime(), nowMs - dayMs);
  assert.equal(certificate.validToDate.getTime(), nowMs + 30 * dayMs);
  assert.ok(certificate.verify(certificate.publicKey));
});

test("makeSelfSigned() is for localhost when there are no names, and copes with very many", () => {
  assert.equal(new X509Certificate(makeSelfSigned([], nowMs).certificatePem).subjectAltName, "DNS:localhost");
  const many = Array.from({ length: 5000 }, (_, index) => `host-${index}.example.com`);
  assert.ok(new X509Certificate(makeSelfSigned(many, nowMs).certificatePem).checkHost("host-4999.example.com"));
});

test("makeSelfSigned() writes dates after 2049 as RFC 5280 asks", () => {
  const late = Date.UTC(2060, 0, 1);
  assert.equal(new X509Certificate(makeSelfSigned([], late).certificatePem).validToDate.getTime(), late + 30 * dayMs);
});

test("makeSelfSigned() serves TLS to a client that trusts it", async () => {
  const { certificatePem, keyPem } = makeSelfSigned(["shop.example.com"], Date.now());
  const server = createServer({ cert: certificatePem, key: keyPem }, (socket) => socket.end("hello"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect({ host: "127.0.0.1", port, ca: certificatePem, servername: "shop.example.com" });
  assert.equal(Buffer.concat(await client.toArray()).toString(), "hello");
  server.close();
});
