/** Certificates for tests: a root, an intermediate, leaves, made with the dates and names that a test asks for. DER: X.690, RFC 5280. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export type TestCertificate = {
  readonly certPem: string;
  readonly keyPem: string;
  readonly commonName: string;
  readonly privateKey: KeyObject;
};

export type TestCertificateOptions = {
  readonly commonName?: string;
  readonly names?: readonly string[];
  /** URIs among the alternative names. */
  readonly uris?: readonly string[];
  /** Default: ECDSA with P-256. */
  readonly keyType?: "ec" | "rsa";
  /** The key itself, of whatever kind. It must sign with SHA-256, so `issuer` goes with keys that cannot. */
  readonly keys?: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly from?: string;
  readonly to?: string;
  /** Absent: the certificate signs itself. */
  readonly issuer?: TestCertificate;
  readonly authority?: "yes";
  /** With the key identifiers and key usages that verifiers of public certificates insist on. */
  readonly webPki?: "yes";
  /** Where the issuer's certificate can be fetched, as public authorities write it. */
  readonly issuerUrl?: string;
};

let serial = 1;

/** Makes a certificate, valid from 2026 through 2045 unless dates are given. */
export function makeCertificate(options: TestCertificateOptions = {}): TestCertificate {
  const { publicKey, privateKey } =
    options.keys ??
    (options.keyType === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: "prime256v1" }));
  const commonName = options.commonName ?? options.names?.[0] ?? "test";
  const extensions: Buffer[] = [];
  if (options.names || options.uris) {
    const names = [
      ...(options.names ?? []).map((value) => der(0x82, Buffer.from(value))),
      ...(options.uris ?? []).map((value) => der(0x86, Buffer.from(value))),
    ];
    extensions.push(der(0x30, oid("551d11"), der(0x04, der(0x30, ...names))));
  }
  if (options.authority) {
    extensions.push(extension("551d13", der(0x30, der(0x01, Buffer.of(0xff))), "critical"));
  }
  if (options.issuerUrl) {
    const access = der(0x30, oid("2b06010505073002"), der(0x86, Buffer.from(options.issuerUrl)));
    extensions.push(der(0x30, oid("2b06010505070101"), der(0x04, der(0x30, access))));
  }
  if (options.webPki) {
    const issuerKey = options.issuer === undefined ? publicKey : createPublicKey(options.issuer.privateKey);
    extensions.push(extension("551d0e", der(0x04, keyIdentifier(publicKey))));
    extensions.push(extension("551d23", der(0x30, der(0x80, keyIdentifier(issuerKey)))));
    // keyCertSign and cRLSign; digitalSignature; serverAuth.
    if (options.authority) extensions.push(extension("551d0f", der(0x03, Buffer.of(1, 0x06)), "critical"));
    else {
      extensions.push(extension("551d0f", der(0x03, Buffer.of(7, 0x80)), "critical"));
      extensions.push(extension("551d25", der(0x30, oid("2b06010505070301"))));
    }
  }
  const signer = options.issuer?.privateKey ?? privateKey;
  const algorithm = signatureAlgorithm(signer);
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(0x01, serial >> 8, serial++ & 0xff)),
    algorithm,
    nameOf(options.issuer?.commonName ?? commonName),
    der(0x30, time(options.from ?? "2026-01-01T00:00:00Z"), time(options.to ?? "2045-12-31T00:00:00Z")),
    nameOf(commonName),
    publicKey.export({ type: "spki", format: "der" }),
    ...(extensions.length > 0 ? [der(0xa3, der(0x30, ...extensions))] : []),
  );
  const signature = sign("sha256", body, signer);
  const bytes = der(0x30, body, algorithm, der(0x03, Buffer.of(0), signature));
  const lines = bytes.toString("base64").replace(/.{64}/g, "$&\n").trim();
  return {
    certPem: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    commonName,
    privateKey,
  };
}

/** A `kubernetes.io/tls` Secret as YAML. */
export function tlsSecret(
  name: string,
  namespace: string,
  parts: { readonly crt: string; readonly key: string; readonly ca?: string },
): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const authority = parts.ca === undefined ? "" : `, ca.crt: ${base64(parts.ca)}`;
  return `apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: ${namespace} }
type: kubernetes.io/tls
data: { tls.crt: ${base64(parts.crt)}, tls.key: ${base64(parts.key)}${authority} }`;
}

/** `ecdsa-with-SHA256` or `sha256WithRSAEncryption`. */
export function signatureAlgorithm(key: KeyObject): Buffer {
  return key.asymmetricKeyType === "rsa"
    ? der(0x30, oid("2a864886f70d01010b"), der(0x05))
    : der(0x30, oid("2a8648ce3d040302"));
}

/** One DER value. */
export function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

/** An object identifier from its content in hexadecimal. */
export function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

function extension(id: string, value: Buffer, critical?: "critical"): Buffer {
  return der(0x30, oid(id), ...(critical ? [der(0x01, Buffer.of(0xff))] : []), der(0x04, value));
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash("sha1")
    .update(key.export({ type: "spki", format: "der" }))
    .digest();
}

function nameOf(commonName: string): Buffer {
  return der(0x30, der(0x31, der(0x30, oid("550403"), der(0x0c, Buffer.from(commonName)))));
}

function time(iso: string): Buffer {
  return der(0x17, Buffer.from(`${iso.replace(/[-:T]/g, "").slice(2, 14)}Z`));
}
