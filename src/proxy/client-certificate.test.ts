import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { makeCertificate, type TestCertificate } from "../../test/test-certificate.ts";
import { readClientCertificate } from "./client-certificate.ts";

/** A connection whose handshake is done. */
function connection(certificate: TestCertificate | undefined, authorized: "authorized" | "not"): TLSSocket {
  const peer = certificate && new X509Certificate(certificate.certPem);
  return { authorized: authorized === "authorized", getPeerX509Certificate: () => peer } as TLSSocket;
}

const good = makeCertificate({ names: ["jo.test"] });

test("readClientCertificate: verified needs a certificate that the handshake found good and that has not expired since", () => {
  const stateOf = (certificate: TestCertificate | undefined, authorized: "authorized" | "not") =>
    readClientCertificate(connection(certificate, authorized), "off").state;
  assert.equal(stateOf(good, "authorized"), "verified");
  assert.equal(stateOf(good, "not"), "unverified");
  assert.equal(stateOf(makeCertificate({ to: "2026-01-02T00:00:00Z" }), "authorized"), "unverified");
  assert.equal(stateOf(undefined, "authorized"), "none", "a resumed session may say so without any certificate");
});

test("readClientCertificate: an element is made only where it is sent", () => {
  assert.equal(readClientCertificate(connection(good, "authorized"), "off").element, "");
  assert.match(
    readClientCertificate(connection(good, "authorized"), "append").element,
    /^Hash=[0-9a-f]{64};Verified=true;/,
  );
  assert.equal(readClientCertificate(connection(undefined, "not"), "sanitize").element, "");
});

test("readClientCertificate: no name can end the line, pass for another pair, or make the line long", () => {
  const hostile = makeCertificate({
    commonName: 'é\\r\\n";Hash=0;"',
    names: ["a.test", ...Array.from({ length: 200 }, (_, i) => `${i}.${"x".repeat(60)}.test`)],
    uris: ["spiffe://a/b;Hash=0,c\r\nX-Evil: 1"],
  });
  const { element } = readClientCertificate(connection(hostile, "authorized"), "sanitize");
  assert.match(element, /^[\x20-\x7e]+$/);
  assert.ok(element.length <= 4_096);
  const unquoted = element.replace(/"(?:\\.|[^"\\])*"/g, '""');
  assert.equal(unquoted.match(/Hash=/g)?.length, 1);
  assert.doesNotMatch(unquoted, /,/);
});
