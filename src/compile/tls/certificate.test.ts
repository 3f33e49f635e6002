import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { makeCertificate } from "../../../test/test-certificate.ts";
import { certificateFaults, certificateNames, namesCover, parseCertificates } from "./certificate.ts";

const nowMs = Date.parse("2026-06-01T00:00:00Z");
const root = makeCertificate({ commonName: "Root", authority: "yes" });
const middle = makeCertificate({ commonName: "Middle", authority: "yes", issuer: root });
const leaf = makeCertificate({ names: ["shop.example.com"], issuer: middle, issuerUrl: "http://ca.example/m.crt" });
const own = makeCertificate({ names: ["shop.example.com"] });

function chainOf(...pems: readonly string[]) {
  return parseCertificates(pems.join("\n")) ?? assert.fail("not readable");
}
function faults(
  chain: ReturnType<typeof chainOf>,
  use: Partial<Parameters<typeof certificateFaults>[1]> = {},
): string[] {
  return certificateFaults(chain, { hostname: "shop.example.com", nowMs, ...use }).map(({ fault }) => fault);
}

describe("certificateFaults", () => {
  it("finds nothing wrong with a complete chain for the hostname", () => {
    assert.deepEqual(faults(chainOf(leaf.certPem, middle.certPem)), []);
    assert.deepEqual(faults(chainOf(own.certPem)), []);
  });
  it("tells an expired certificate, and one that will be within 14 days", () => {
    assert.deepEqual(faults(chainOf(own.certPem), { nowMs: Date.parse("2045-12-31T00:00:00Z") }), ["expired"]);
    assert.deepEqual(faults(chainOf(own.certPem), { nowMs: Date.parse("2045-12-17T00:00:01Z") }), ["expiresSoon"]);
    assert.deepEqual(faults(chainOf(own.certPem), { nowMs: Date.parse("2045-12-16T23:59:59Z") }), []);
  });
  it("tells the last third of a short life, as nothing renews it earlier", () => {
    const week = makeCertificate({
      names: ["shop.example.com"],
      from: "2026-06-01T00:00:00Z",
      to: "2026-06-07T00:00:00Z",
    });
    assert.deepEqual(faults(chainOf(week.certPem), { nowMs: Date.parse("2026-06-04T23:59:59Z") }), []);
    assert.deepEqual(faults(chainOf(week.certPem), { nowMs: Date.parse("2026-06-05T00:00:00Z") }), ["expiresSoon"]);
  });
  it("tells a certificate that is not valid yet", () => {
    assert.deepEqual(faults(chainOf(own.certPem), { nowMs: Date.parse("2025-12-31T00:00:00Z") }), ["notYetValid"]);
  });
  it("tells a certificate for another hostname", () => {
    assert.deepEqual(faults(chainOf(own.certPem), { hostname: "api.example.com" }), ["wrongHostname"]);
    assert.deepEqual(faults(chainOf(own.certPem), { hostname: "" }), []);
  });
  it("takes a certificate for a name below the listener's wildcard", () => {
    assert.deepEqual(faults(chainOf(own.certPem), { hostname: "*.example.com" }), []);
  });
  it("tells a chain without its intermediate by the issuer's address in the leaf", () => {
    assert.deepEqual(faults(chainOf(leaf.certPem)), ["incompleteChain"]);
  });
  it("tells a chain without its intermediate by the authority in the Secret", () => {
    const plain = makeCertificate({ names: ["shop.example.com"], issuer: middle });
    const [rootOf, middleOf] = [chainOf(root.certPem)[0], chainOf(middle.certPem)[0]];
    assert.deepEqual(faults(chainOf(plain.certPem)), [], "a private root may have signed it");
    assert.deepEqual(faults(chainOf(plain.certPem), { authority: rootOf }), ["incompleteChain"]);
    assert.deepEqual(faults(chainOf(plain.certPem), { authority: middleOf }), ["incompleteChain"]);
    assert.deepEqual(faults(chainOf(plain.certPem, middle.certPem), { authority: rootOf }), []);
  });
  it("tells certificates in the wrong order", () => {
    assert.deepEqual(faults(chainOf(leaf.certPem, own.certPem)), ["incompleteChain"]);
  });
});

describe("namesCover", () => {
  for (const [names, hostname, expected] of [
    [["*.example.com"], "a.example.com", true],
    [["*.example.com"], "a.b.example.com", false],
    [["*.example.com"], "example.com", false],
    [["*.example.com"], "*.example.com", true],
    [["a.example.com"], "*.example.com", false],
  ] as const) {
    it(`${names.join()} ${expected ? "covers" : "does not cover"} ${hostname}`, () => {
      assert.equal(namesCover(names, hostname), expected);
    });
  }
});

it("certificateNames: takes the common name only when there are no alternative names", () => {
  const old = makeCertificate({ commonName: "Old.Example.com" });
  assert.deepEqual(certificateNames(chainOf(old.certPem)[0] ?? assert.fail()), ["old.example.com"]);
  const both = makeCertificate({ commonName: "cn.example.com", names: ["san.example.com", "*.example.com"] });
  assert.deepEqual(certificateNames(chainOf(both.certPem)[0] ?? assert.fail()), ["san.example.com", "*.example.com"]);
});

it("parseCertificates: gives nothing for text without a readable certificate", () => {
  assert.equal(parseCertificates(""), undefined);
  assert.equal(parseCertificates("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), undefined);
});
