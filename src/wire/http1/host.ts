import { COLON, DOT, HEX_VALUE, HOST_LABEL, LOWERCASE } from "./ascii.ts";

const MAX_HOST_BYTES = 255;
const MAX_LABEL_BYTES = 63;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;

/**
 * Where the name ends in `host[:port]`: the offset of the colon, or `end` without one. -1 when the range is not a DNS-like
 * name, an IPv4 address or a bracketed IPv6 address, with a port from 0 to 65535 after the colon if there is one. Empty
 * names, empty ports, user information, percent escapes and zone identifiers are refused although RFC 3986 §3.2 knows them:
 * no two servers read them alike.
 */
export function hostNameEnd(bytes: Uint8Array, start: number, end: number): number {
  const nameEnd = bytes[start] === OPEN_BRACKET ? ipv6End(bytes, start, end) : nameEndAt(bytes, start, end);
  if (nameEnd < 0 || nameEnd - start > MAX_HOST_BYTES) return -1;
  if (nameEnd === end) return nameEnd;
  return bytes[nameEnd] === COLON && portAfter(bytes, nameEnd, end) >= 0 ? nameEnd : -1;
}

/** The port after a name that ends at `nameEnd`; -1 when there is none, or no number up to 65535. */
export function portAfter(bytes: Uint8Array, nameEnd: number, end: number): number {
  const digits = end - nameEnd - 1;
  if (digits < 1 || digits > 5) return -1;
  let port = 0;
  for (let i = nameEnd + 1; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    port = port * 10 + digit;
  }
  return port > 65_535 ? -1 : port;
}

/** The name as routing compares it: lower case, without one trailing dot. Brackets of an IPv6 address stay. */
export function canonicalHost(bytes: Buffer, start: number, nameEnd: number): string {
  const end = nameEnd - start > 1 && bytes[nameEnd - 1] === DOT ? nameEnd - 1 : nameEnd;
  let lower = true;
  for (let i = start; i < end && lower; i++) lower = LOWERCASE[bytes[i]!] === bytes[i];
  const host = bytes.toString("latin1", start, end);
  return lower ? host : host.toLowerCase();
}

/** A host and its port. */
export type HostPort = {
  /** Lower case, without trailing dot; IPv6 in brackets. */
  readonly host: string;
  readonly port: number | undefined;
};

/** Reads `host` or `host:port` by the same rules as a Host header; `undefined` when it breaks them. */
export function parseHostPort(text: string): HostPort | undefined {
  const bytes = Buffer.from(text, "utf8");
  const nameEnd = hostNameEnd(bytes, 0, bytes.length);
  if (nameEnd < 0) return undefined;
  const port = portAfter(bytes, nameEnd, bytes.length);
  return { host: canonicalHost(bytes, 0, nameEnd), port: port < 0 ? undefined : port };
}

/** End of a name of dot-separated labels, one trailing dot allowed; -1 when a label is empty or too long. */
function nameEndAt(bytes: Uint8Array, start: number, end: number): number {
  let labelStart = start;
  let i = start;
  for (; i < end && bytes[i] !== COLON; i++) {
    if (HOST_LABEL[bytes[i]!] === 1) continue;
    if (bytes[i] !== DOT || i === labelStart || i - labelStart > MAX_LABEL_BYTES) return -1;
    labelStart = i + 1;
  }
  return i === start || i - labelStart > MAX_LABEL_BYTES ? -1 : i;
}

/** One past the closing bracket of an IPv6 address; -1 when it is none. RFC 3986 §3.2.2, RFC 4291 §2.2. */
function ipv6End(bytes: Uint8Array, start: number, end: number): number {
  let groups = 0;
  let compressed = false;
  let i = start + 1;
  if (bytes[i] === COLON) {
    if (bytes[i + 1] !== COLON) return -1;
    compressed = true;
    i += 2;
  }
  while (i < end && bytes[i] !== CLOSE_BRACKET) {
    const groupStart = i;
    while (i < end && HEX_VALUE[bytes[i]!]! >= 0) i++;
    if (i < end && bytes[i] === DOT) {
      i = ipv4End(bytes, groupStart, end);
      if (i < 0 || bytes[i] !== CLOSE_BRACKET) return -1;
      groups += 2;
      break;
    }
    if (i === groupStart || i - groupStart > 4) return -1;
    groups++;
    if (i >= end || bytes[i] === CLOSE_BRACKET) break;
    if (bytes[i] !== COLON) return -1;
    i++;
    if (i < end && bytes[i] === COLON) {
      if (compressed) return -1;
      compressed = true;
      i++;
    } else if (i >= end || bytes[i] === CLOSE_BRACKET) return -1;
  }
  if (i >= end) return -1;
  return (compressed ? groups < 8 : groups === 8) ? i + 1 : -1;
}

/** End of four decimal numbers up to 255, without leading zeros; -1 when they are not that. */
function ipv4End(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  for (let part = 0; part < 4; part++) {
    if (part > 0 && bytes[i++] !== DOT) return -1;
    const partStart = i;
    let value = 0;
    while (i < end && bytes[i]! >= 48 && bytes[i]! <= 57 && i - partStart < 4) value = value * 10 + bytes[i++]! - 48;
    if (i === partStart || value > 255 || (bytes[partStart] === 48 && i - partStart > 1)) return -1;
  }
  return i;
}
