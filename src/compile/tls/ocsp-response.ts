/** Reads OCSP responses (RFC 6960 section 4.2) as far as a server needs that staples them. Signatures are the clients' to check. */
import type { X509Certificate } from "node:crypto";
import type { OcspStaple } from "../../ir/secret-table.ts";

/** Largest response that is read, in bytes; real ones stay below 4 KiB. */
const limitBytes = 16_384;

const tag = {
  integer: 0x02,
  octetString: 0x04,
  enumerated: 0x0a,
  generalizedTime: 0x18,
  sequence: 0x30,
  context0: 0x80,
  explicit0: 0xa0,
} as const;

/**
 * The response as it can be stapled for `leaf`; else a clause that says what is wrong with it and continues a sentence
 * that begins with the response's place. Whether its time is over is for the caller to say, who knows the time.
 */
export function readOcspResponse(bytes: Buffer, leaf: X509Certificate): OcspStaple | string {
  if (bytes.length > limitBytes) return `is larger than ${limitBytes} bytes`;
  try {
    return readSingle(basicResponse(bytes), { bytes, serial: serialOf(leaf) });
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
}

class Malformed extends Error {}

type Element = { readonly tag: number; readonly content: Buffer };

/** Elements of a constructed DER value, in order. */
function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes[at + 1] ?? 0x80;
    const lengthBytes = size < 0x80 ? 0 : size & 0x7f;
    if ((size >= 0x80 && (lengthBytes === 0 || lengthBytes > 3)) || at + 2 + lengthBytes > bytes.length) break;
    const length = lengthBytes === 0 ? size : bytes.readUIntBE(at + 2, lengthBytes);
    const start = at + 2 + lengthBytes;
    if (start + length > bytes.length) break;
    found.push({ tag: bytes[at] as number, content: bytes.subarray(start, start + length) });
    at = start + length;
    if (at === bytes.length) return found;
  }
  throw new Malformed("is not an OCSP response in DER");
}

function expect(element: Element | undefined, wanted: number): Buffer {
  if (element?.tag !== wanted) throw new Malformed("is not an OCSP response in DER");
  return element.content;
}

/** `responses` of the ResponseData. */
function basicResponse(bytes: Buffer): Element[] {
  const outer = elements(expect(elements(bytes)[0], tag.sequence));
  if (expect(outer[0], tag.enumerated)[0] !== 0) throw new Malformed("is an error response of the responder");
  const [, response] = elements(expect(elements(expect(outer[1], tag.explicit0))[0], tag.sequence));
  const basic = elements(expect(elements(expect(response, tag.octetString))[0], tag.sequence));
  const data = elements(expect(basic[0], tag.sequence));
  // A version stands first only when it is not the default; then come responderID, producedAt, responses.
  const first = data[0]?.tag === tag.explicit0 ? 1 : 0;
  return elements(expect(data[first + 2], tag.sequence));
}

function readSingle(
  responses: readonly Element[],
  { bytes, serial }: { readonly bytes: Buffer; readonly serial: string },
): OcspStaple {
  for (const response of responses) {
    const parts = elements(expect(response, tag.sequence));
    const identifier = elements(expect(parts[0], tag.sequence));
    if (hexNumber(expect(identifier[3], tag.integer)) !== serial) continue;
    if (parts[1]?.tag !== tag.context0) throw new Malformed("says that the certificate is revoked or unknown");
    const next = parts[3]?.tag === tag.explicit0 ? elements(parts[3].content)[0] : undefined;
    return {
      responseBase64: bytes.toString("base64"),
      fromMs: readTime(expect(parts[2], tag.generalizedTime)),
      toMs: next === undefined ? Number.POSITIVE_INFINITY : readTime(expect(next, tag.generalizedTime)),
    };
  }
  throw new Malformed("is for another certificate");
}

function serialOf(certificate: X509Certificate): string {
  return certificate.serialNumber.toLowerCase().replace(/^0+(?=.)/, "");
}

function hexNumber(integer: Buffer): string {
  return integer.toString("hex").replace(/^0+(?=.)/, "");
}

/** `YYYYMMDDHHMMSSZ`: the only form that is allowed here. RFC 5280 section 4.1.2.5.2. */
function readTime(content: Buffer): number {
  const iso = content.toString("latin1").replace(/^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/, "$1-$2-$3T$4:$5:$6Z");
  const ms = iso.includes("T") ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(ms)) throw new Malformed("has an invalid time");
  return ms;
}
