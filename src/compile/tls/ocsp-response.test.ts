import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { compileYaml, gateway, ourClass } from "../../../test/compile-status.ts";
import { makeCertificate, tlsSecret } from "../../../test/test-certificate.ts";
import { makeOcspResponse } from "../../../test/test-ocsp-response.ts";
import { readOcspResponse } from "./ocsp-response.ts";

const root = makeCertificate({ commonName: "root", authority: "yes" });
const own = makeCertificate({ names: ["shop.example.com"], issuer: root });
const other = makeCertificate({ names: ["shop.example.com"], issuer: root });
const leaf = new X509Certificate(own.certPem);
const period = { thisUpdate: "2026-05-30T00:00:00Z", nextUpdate: "2026-06-06T00:00:00Z" };

test("readOcspResponse: gives the response and its time; without a nextUpdate it has no end", () => {
  const response = makeOcspResponse(own, root, period);
  assert.deepEqual(readOcspResponse(response, leaf), {
    responseBase64: response.toString("base64"),
    fromMs: Date.parse(period.thisUpdate),
    toMs: Date.parse(period.nextUpdate),
  });
  const endless = readOcspResponse(makeOcspResponse(own, root), leaf);
  assert.ok(typeof endless === "object" && endless.toMs === Number.POSITIVE_INFINITY);
});

test("readOcspResponse: says why a response is of no use, and never throws on damaged bytes", () => {
  const response = makeOcspResponse(own, root, period);
  assert.equal(readOcspResponse(makeOcspResponse(other, root), leaf), "is for another certificate");
  assert.match(
    String(readOcspResponse(makeOcspResponse(own, root, { status: "revoked" }), leaf)),
    /revoked or unknown/,
  );
  assert.match(
    String(readOcspResponse(Buffer.from("3003 0a0106".replace(" ", ""), "hex"), leaf)),
    /error response of the responder/,
  );
  assert.match(String(readOcspResponse(Buffer.alloc(20_000), leaf)), /larger than/);
  for (let length = 0; length < response.length; length++) {
    assert.equal(typeof readOcspResponse(response.subarray(0, length), leaf), "string");
  }
  for (let at = 0; at < response.length; at++) {
    const damaged = Buffer.from(response);
    damaged[at] = damaged[at]! ^ 0x55;
    readOcspResponse(damaged, leaf);
  }
});

/** Compiles an HTTPS listener whose Secret carries this response. */
function withStaple(staple: Buffer) {
  const secret = tlsSecret("cert", "infra", { crt: own.certPem, key: own.keyPem }).replace(
    "\ndata: {",
    `\ndata: { tls.ocsp-staple: ${staple.toString("base64")},`,
  );
  const listener = "{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: cert }] } }";
  const { result, names } = compileYaml([ourClass, secret, gateway(listener)]);
  const material = result.secrets.get("Secret/infra/cert");
  const served = result.routing.gateways[0]?.listeners[0];
  return {
    names: names.filter((name) => name.startsWith("ocsp")),
    message: result.findings.find(({ name }) => name.startsWith("ocsp"))?.message ?? "",
    staple: material?.kind === "certificate" ? material.ocspStaple : undefined,
    fingerprint: served?.protocol === "HTTPS" ? served.tls?.certificates[0]?.fingerprint : undefined,
  };
}

test("compile: a Secret's OCSP response goes along with its certificate, and a new one is a rotation", () => {
  const first = withStaple(makeOcspResponse(own, root, period));
  assert.deepEqual(first.names, []);
  assert.equal(first.staple?.toMs, Date.parse(period.nextUpdate));
  const second = withStaple(makeOcspResponse(own, root, { ...period, nextUpdate: "2026-06-09T00:00:00Z" }));
  assert.notEqual(second.fingerprint, first.fingerprint);
});

test("compile: an OCSP response of no use is told, and the listener serves without it", () => {
  for (const [staple, says] of [
    [
      makeOcspResponse(other, root),
      /tls.ocsp-staple of Secret infra\/cert of listener "https" is for another certificate/,
    ],
    [makeOcspResponse(own, root, { nextUpdate: "2026-05-31T00:00:00Z" }), /is past its nextUpdate/],
    [Buffer.from("nonsense"), /is not an OCSP response in DER/],
  ] as const) {
    const { names, message } = withStaple(staple);
    assert.deepEqual(names, ["ocsp-staple-unusable"]);
    assert.match(message, says);
  }
});
