import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { connect, createServer } from "node:tls";
import { makeCertificate, type TestCertificate } from "../../../test/test-certificate.ts";
import { intermediateGroups, intermediateSuites } from "../../ir/tls-profile.ts";
import { parseCertificates } from "./certificate.ts";
import { bundleFault, pairFault } from "./tls-loading.ts";

const root = makeCertificate({ commonName: "Root", authority: "yes" });
const leaf = makeCertificate({ names: ["shop.example.com"], issuer: root });

function faultOf(chainPem: string, keyPem: string): string | undefined {
  const [first] = parseCertificates(chainPem) ?? assert.fail("not readable");
  return pairFault({ leaf: first!, chainPem, keyPem });
}

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
const ec = (namedCurve: string): Pair => generateKeyPairSync("ec", { namedCurve });
const keyTypes: Readonly<Record<string, () => Pair>> = {
  "RSA 2048": () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  "RSA 1024": () => generateKeyPairSync("rsa", { modulusLength: 1024 }),
  "RSA-PSS": () => generateKeyPairSync("rsa-pss", { modulusLength: 2048 }),
  Ed25519: () => generateKeyPairSync("ed25519"),
  Ed448: () => generateKeyPairSync("ed448"),
  DSA: () => generateKeyPairSync("dsa", { modulusLength: 2048, divisorLength: 256 }),
  ...Object.fromEntries(
    ["prime256v1", "secp384r1", "secp521r1", "brainpoolP256r1", "secp256k1", "secp224r1", "sect283r1"].map((curve) => [
      curve,
      () => ec(curve),
    ]),
  ),
};

/** Whether a client gets through a handshake with a server that speaks what listeners speak. */
async function handshakes({ certPem, keyPem }: TestCertificate): Promise<boolean> {
  const options = { ciphers: intermediateSuites.join(":"), ecdhCurve: intermediateGroups.join(":") };
  let server: ReturnType<typeof createServer>;
  try {
    server = createServer({ cert: certPem, key: keyPem, minVersion: "TLSv1.2", ...options });
  } catch {
    return false;
  }
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
    server.close();
  }
}

describe("pairFault", () => {
  for (const [name, makeKeys] of Object.entries(keyTypes)) {
    it(`judges a key of ${name} as handshakes do`, async () => {
      const certificate = makeCertificate({ names: ["shop.example.com"], keys: makeKeys(), issuer: root });
      const fault = faultOf(certificate.certPem, certificate.keyPem);
      assert.equal(fault ?? "none", (await handshakes(certificate)) ? "none" : fault);
    });
  }
  it("takes a chain with text around its certificates, and a key after its parameters", () => {
    const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    const key = leaf.privateKey.export({ type: "sec1", format: "pem" }).toString();
    assert.equal(faultOf(`leaf\n${leaf.certPem}\nroot\n${root.certPem}\n`, `${parameters}${key}`), undefined);
  });
  it("tells two certificates on one line, and one that is cut short", () => {
    assert.match(faultOf(`${leaf.certPem.trim()}${root.certPem}`, leaf.keyPem) ?? "", /bad end line \(.*one line/);
    assert.match(faultOf(`${leaf.certPem}${root.certPem.slice(0, 200)}`, leaf.keyPem) ?? "", /bad end line \(.*short/);
  });
  it("tells a key that is too small, and of which size it should be", () => {
    const small = makeCertificate({ keys: generateKeyPairSync("rsa", { modulusLength: 1024 }) });
    assert.match(faultOf(small.certPem, small.keyPem) ?? "", /ee key too small .*2048/);
  });
  it("tells a key of another certificate, one that is locked, and one that is none", () => {
    assert.match(faultOf(leaf.certPem, root.keyPem) ?? "", /does not belong/);
    const cipher = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" } as const;
    assert.match(faultOf(leaf.certPem, leaf.privateKey.export(cipher).toString()) ?? "", /unencrypted/);
    assert.match(faultOf(leaf.certPem, "nothing") ?? "", /not an unencrypted PEM/);
  });
  it("says nothing of the key", () => {
    const broken = leaf.keyPem.replace(/\n(.{20})/, "\n$1!");
    assert.doesNotMatch(faultOf(leaf.certPem, broken) ?? "", new RegExp(leaf.keyPem.slice(40, 60)));
  });
});

describe("bundleFault", () => {
  const judge = (pem: string) => bundleFault(pem, parseCertificates(pem) ?? []);
  const small = makeCertificate({ authority: "yes", keys: generateKeyPairSync("rsa", { modulusLength: 1024 }) });
  it("takes certificates one after another", () => {
    assert.equal(judge(`${root.certPem}# and\n${leaf.certPem}`), undefined);
  });
  it("tells a mistake at which OpenSSL would stop reading without a word", () => {
    assert.match(judge(`${root.certPem.trim()}${leaf.certPem}`) ?? "", /bad end line/);
    assert.match(judge(`${root.certPem}${leaf.certPem.slice(0, 200)}`) ?? "", /bad end line/);
  });
  it("passes over a certificate that is too weak, but not over all of them", () => {
    assert.equal(judge(`${small.certPem}${root.certPem}`), undefined);
    assert.match(judge(small.certPem) ?? "", /every certificate: ee key too small/);
  });
});
