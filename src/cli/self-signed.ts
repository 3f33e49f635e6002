import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { addressFamily, parseCidr } from "../base/cidr.ts";

/** Certificate and private key as PEM text, as in a `kubernetes.io/tls` Secret. */
export type SelfSigned = { readonly certificatePem: string; readonly keyPem: string };

const lifeDays = 30;
const dayMs = 86_400_000;

/** DER (X.690) tags that a certificate needs. */
const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  generalizedTime: 0x18,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  extensions: 0xa3,
  dnsName: 0x82,
  ipAddress: 0x87,
} as const;

/** Object identifiers in their encoded form: RFC 5280 and RFC 5758. */
const oid = {
  ecdsaWithSha256: "2a8648ce3d040302",
  commonName: "550403",
  organization: "55040a",
  keyUsage: "551d0f",
  subjectAltName: "551d11",
  basicConstraints: "551d13",
  extendedKeyUsage: "551d25",
  serverAuth: "2b06010505070301",
} as const;

/**
 * Makes an ECDSA P-256 certificate that signs itself, for `names` (DNS names, wildcards or IP addresses; `localhost` when
 * there are none), valid from a day before `nowMs` for 30 days. For trying things out: no client trusts it by itself.
 * Spec: RFC 5280.
 */
export function makeSelfSigned(names: readonly string[], nowMs: number): SelfSigned {
  const subjects = names.length > 0 ? names : ["localhost"];
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const algorithm = der(tag.sequence, objectId("ecdsaWithSha256"));
  const name = der(
    tag.sequence,
    attribute("organization", "Sluice self-signed"),
    attribute("commonName", (subjects[0] ?? "").slice(0, 64)),
  );
  const body = der(
    tag.sequence,
    der(tag.version, der(tag.integer, Buffer.of(2))),
    der(tag.integer, Buffer.concat([Buffer.of(0x01), randomBytes(15)])),
    algorithm,
    name,
    der(tag.sequence, time(nowMs - dayMs), time(nowMs + lifeDays * dayMs)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(tag.extensions, der(tag.sequence, ...extensions(subjects))),
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = der(tag.sequence, body, algorithm, der(tag.bitString, Buffer.of(0), signature));
  return {
    certificatePem: pem("CERTIFICATE", certificate),
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** Tag, length, content. Contents are far below 64 KiB but for very many names, which the 4-byte form covers. */
function der(tagByte: number, ...content: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(content);
  if (value.length < 0x80) return Buffer.concat([Buffer.of(tagByte, value.length), value]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  const significant = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.of(tagByte, 0x80 | significant.length), significant, value]);
}

function objectId(name: keyof typeof oid): Buffer {
  return der(tag.objectId, Buffer.from(oid[name], "hex"));
}

function attribute(type: "commonName" | "organization", text: string): Buffer {
  return der(tag.set, der(tag.sequence, objectId(type), der(tag.utf8String, Buffer.from(text))));
}

/** UTCTime to 2049, GeneralizedTime after it: RFC 5280 section 4.1.2.5. */
function time(ms: number): Buffer {
  const digits = `${new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "")}`;
  const isShort = new Date(ms).getUTCFullYear() < 2050;
  return isShort ? der(tag.utcTime, Buffer.from(digits.slice(2))) : der(tag.generalizedTime, Buffer.from(digits));
}

function extensions(subjects: readonly string[]): Buffer[] {
  const critical = der(tag.boolean, Buffer.of(0xff));
  const extension = (type: keyof typeof oid, value: Buffer, ...flag: readonly Buffer[]) =>
    der(tag.sequence, objectId(type), ...flag, der(tag.octetString, value));
  const digitalSignature = der(tag.bitString, Buffer.of(7, 0x80));
  return [
    extension("basicConstraints", der(tag.sequence), critical),
    extension("keyUsage", digitalSignature, critical),
    extension("extendedKeyUsage", der(tag.sequence, objectId("serverAuth"))),
    extension("subjectAltName", der(tag.sequence, ...subjects.map(generalName))),
  ];
}

function generalName(subject: string): Buffer {
  const bytes = addressFamily(subject) && parseCidr(subject)?.network;
  return bytes ? der(tag.ipAddress, Buffer.from(bytes)) : der(tag.dnsName, Buffer.from(subject, "latin1"));
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
