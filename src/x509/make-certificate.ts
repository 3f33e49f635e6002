import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { addressFamily, parseCidr } from "../base/cidr.ts";
import { der, encodePem, readDer, tag } from "./der.ts";

/** Certificate and private key as PEM text, as in a `kubernetes.io/tls` Secret. */
export type KeyedCertificate = { readonly certificatePem: string; readonly keyPem: string };

/** Who or what a certificate is for; kept in this order in its subject alternative names. */
export type AlternativeName =
  /** A DNS name, with or without a wildcard, or an IP address. */
  { readonly kind: "host"; readonly value: string } | { readonly kind: "uri"; readonly value: string };

export type CertificateRequest = {
  readonly organization: string;
  /** Cut after 64 characters, the longest that RFC 5280 allows. */
  readonly commonName: string;
  /** `authority` signs leaves, but no further authorities; the others are leaves for one end of TLS. */
  readonly purpose: "authority" | "serverAuth" | "clientAuth";
  readonly alternativeNames: readonly AlternativeName[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** An `authority` made here. Absent: the certificate signs itself. */
  readonly issuer?: KeyedCertificate;
};

/** Object identifiers in their encoded form: RFC 5280 and RFC 5758. */
const oid = {
  ecdsaWithSha256: "2a8648ce3d040302",
  commonName: "550403",
  organization: "55040a",
  subjectKeyIdentifier: "551d0e",
  keyUsage: "551d0f",
  subjectAltName: "551d11",
  basicConstraints: "551d13",
  authorityKeyIdentifier: "551d23",
  extendedKeyUsage: "551d25",
  serverAuth: "2b06010505070301",
  clientAuth: "2b06010505070302",
} as const;

/** Tags that have a meaning of their own inside a certificate. */
const versionTag = 0xa0;
const extensionsTag = 0xa3;
const keyIdentifierTag = 0x80;
const nameTag = { dns: 0x82, uri: 0x86, ip: 0x87 } as const;

/** Makes a key (ECDSA P-256) and a certificate for it, with a random serial number. Throws when `issuer` cannot be read. Spec: RFC 5280. */
export function makeCertificate(request: CertificateRequest): KeyedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const subject = encodeName(request);
  const issuer = request.issuer && readIssuer(request.issuer);
  const algorithm = der(tag.sequence, objectId("ecdsaWithSha256"));
  const body = der(
    tag.sequence,
    der(versionTag, der(tag.integer, Buffer.of(2))),
    // The first byte keeps the number positive and not shorter than the rest makes it.
    der(tag.integer, Buffer.concat([Buffer.of(0x01), randomBytes(15)])),
    algorithm,
    issuer?.subject ?? subject,
    der(tag.sequence, encodeTime(request.notBeforeMs), encodeTime(request.notAfterMs)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(extensionsTag, der(tag.sequence, ...extensions(request, publicKey, issuer?.publicKey))),
  );
  const signature = sign("sha256", body, issuer?.privateKey ?? privateKey);
  const certificate = der(tag.sequence, body, algorithm, der(tag.bitString, Buffer.of(0), signature));
  return {
    certificatePem: encodePem("CERTIFICATE", certificate),
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** The issuer's name byte for byte: verifiers compare it so. */
function readIssuer({ certificatePem, keyPem }: KeyedCertificate): {
  readonly subject: Buffer;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
} {
  const privateKey = createPrivateKey(keyPem);
  const [certificate] = readDer(new X509Certificate(certificatePem).raw);
  const [body] = readDer(certificate?.content ?? Buffer.of());
  // version, serialNumber, signature, issuer, validity, subject
  const subject = readDer(body?.content ?? Buffer.of())[5];
  if (subject === undefined) throw new TypeError("the issuer's certificate has no subject");
  return { subject: subject.whole, privateKey, publicKey: createPublicKey(privateKey) };
}

function objectId(name: keyof typeof oid): Buffer {
  return der(tag.objectId, Buffer.from(oid[name], "hex"));
}

function encodeName({ organization, commonName }: CertificateRequest): Buffer {
  const attribute = (type: "commonName" | "organization", text: string) =>
    der(tag.set, der(tag.sequence, objectId(type), der(tag.utf8String, Buffer.from(text))));
  return der(tag.sequence, attribute("organization", organization), attribute("commonName", commonName.slice(0, 64)));
}

/** UTCTime to 2049, GeneralizedTime after it: RFC 5280 section 4.1.2.5. */
function encodeTime(ms: number): Buffer {
  const date = new Date(ms);
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, "");
  return date.getUTCFullYear() < 2050
    ? der(tag.utcTime, Buffer.from(digits.slice(2)))
    : der(tag.generalizedTime, Buffer.from(digits));
}

function extensions(request: CertificateRequest, key: KeyObject, issuerKey: KeyObject | undefined): Buffer[] {
  const critical = der(tag.boolean, Buffer.of(0xff));
  const extension = (type: keyof typeof oid, value: Buffer, ...flag: readonly Buffer[]) =>
    der(tag.sequence, objectId(type), ...flag, der(tag.octetString, value));
  const { purpose, alternativeNames } = request;
  const constraints =
    purpose === "authority" ? [der(tag.boolean, Buffer.of(0xff)), der(tag.integer, Buffer.of(0))] : [];
  // keyCertSign for an authority, digitalSignature for a leaf.
  const usage = purpose === "authority" ? Buffer.of(2, 0x04) : Buffer.of(7, 0x80);
  return [
    extension("basicConstraints", der(tag.sequence, ...constraints), critical),
    extension("keyUsage", der(tag.bitString, usage), critical),
    ...(purpose === "authority" ? [] : [extension("extendedKeyUsage", der(tag.sequence, objectId(purpose)))]),
    extension("subjectKeyIdentifier", der(tag.octetString, keyIdentifier(key))),
    ...(issuerKey === undefined
      ? []
      : [extension("authorityKeyIdentifier", der(tag.sequence, der(keyIdentifierTag, keyIdentifier(issuerKey))))]),
    ...(alternativeNames.length === 0
      ? []
      : [extension("subjectAltName", der(tag.sequence, ...alternativeNames.map(encodeAlternativeName)))]),
  ];
}

/** The leftmost 160 bits of SHA-256 over the public point. RFC 7093 section 2. */
function keyIdentifier(key: KeyObject): Buffer {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  return hash("sha256", point, "buffer").subarray(0, 20);
}

function encodeAlternativeName({ kind, value }: AlternativeName): Buffer {
  if (kind === "uri") return der(nameTag.uri, Buffer.from(value, "latin1"));
  const bytes = addressFamily(value) && parseCidr(value)?.network;
  return bytes ? der(nameTag.ip, Buffer.from(bytes)) : der(nameTag.dns, Buffer.from(value, "latin1"));
}
