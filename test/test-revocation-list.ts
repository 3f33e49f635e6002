/** Lists of revoked certificates for tests, as an authority would publish them. RFC 5280 section 5. */
import { sign, X509Certificate } from "node:crypto";
import { der, oid, signatureAlgorithm, type TestCertificate } from "./test-certificate.ts";

/** A signed list in PEM that has the serial numbers of `revoked`. */
export function makeRevocationList(issuer: TestCertificate, revoked: readonly TestCertificate[]): string {
  const issued = time("2026-01-01T00:00:00Z");
  const entries = revoked.map(({ certPem }) => {
    const { serialNumber } = new X509Certificate(certPem);
    const digits = serialNumber.length % 2 === 0 ? serialNumber : `0${serialNumber}`;
    return der(0x30, der(0x02, Buffer.from(digits, "hex")), issued);
  });
  const algorithm = signatureAlgorithm(issuer.privateKey);
  const name = der(0x30, der(0x31, der(0x30, oid("550403"), der(0x0c, Buffer.from(issuer.commonName)))));
  const list = der(
    0x30,
    algorithm,
    name,
    issued,
    time("2100-01-01T00:00:00Z"),
    ...(entries.length === 0 ? [] : [der(0x30, ...entries)]),
  );
  const signature = sign("sha256", list, issuer.privateKey);
  const whole = der(0x30, list, algorithm, der(0x03, Buffer.of(0), signature));
  const lines = whole.toString("base64").replace(/.{64}/g, "$&\n");
  return `-----BEGIN X509 CRL-----\n${lines}\n-----END X509 CRL-----\n`;
}

function time(iso: string): Buffer {
  return der(0x18, Buffer.from(`${iso.replace(/[-:T]/g, "").slice(0, 14)}Z`));
}
