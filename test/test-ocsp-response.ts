/** OCSP responses for tests, as a responder of the issuer would give them. RFC 6960 section 4.2. */
import { createHash, createPublicKey, sign, X509Certificate } from "node:crypto";
import { der, oid, signatureAlgorithm, type TestCertificate } from "./test-certificate.ts";

export type TestOcspOptions = {
  readonly thisUpdate?: string;
  /** Absent: the response names no end. */
  readonly nextUpdate?: string;
  /** Default: good. */
  readonly status?: "good" | "revoked";
};

/** A signed response about `certificate`. */
export function makeOcspResponse(
  certificate: TestCertificate,
  issuer: TestCertificate,
  options: TestOcspOptions = {},
): Buffer {
  const leaf = new X509Certificate(certificate.certPem);
  const sha1 = (bytes: Buffer): Buffer => createHash("sha1").update(bytes).digest();
  const keyHash = sha1(subjectKey(issuer));
  const serial = Buffer.from(
    leaf.serialNumber.padStart(leaf.serialNumber.length + (leaf.serialNumber.length % 2), "0"),
    "hex",
  );
  const certificateId = der(
    0x30,
    der(0x30, oid("2b0e03021a"), der(0x05)),
    der(0x04, sha1(nameOf(issuer.commonName))),
    der(0x04, keyHash),
    der(0x02, serial),
  );
  const from = options.thisUpdate ?? "2026-01-01T00:00:00Z";
  const single = der(
    0x30,
    certificateId,
    options.status === "revoked" ? der(0xa1, time(from)) : der(0x80),
    time(from),
    ...(options.nextUpdate === undefined ? [] : [der(0xa0, time(options.nextUpdate))]),
  );
  const data = der(0x30, der(0xa2, der(0x04, keyHash)), time(from), der(0x30, single));
  const signature = sign("sha256", data, issuer.privateKey);
  const basic = der(0x30, data, signatureAlgorithm(issuer.privateKey), der(0x03, Buffer.of(0), signature));
  return der(0x30, der(0x0a, Buffer.of(0)), der(0xa0, der(0x30, oid("2b0601050507300101"), der(0x04, basic))));
}

/** The bits of a public key, without what says of which kind it is. */
function subjectKey({ privateKey }: TestCertificate): Buffer {
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  return privateKey.asymmetricKeyType === "ec" ? spki.subarray(-65) : spki.subarray(24);
}

function nameOf(commonName: string): Buffer {
  return der(0x30, der(0x31, der(0x30, oid("550403"), der(0x0c, Buffer.from(commonName)))));
}

function time(iso: string): Buffer {
  return der(0x18, Buffer.from(`${iso.replace(/[-:T]/g, "").slice(0, 14)}Z`));
}
