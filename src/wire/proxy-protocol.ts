/** PROXY protocol v1 and v2, both directions. Specification: "The PROXY protocol, versions 1 & 2", HAProxy project, 2020. */
import { isIP } from "node:net";

/** Who the client is, as the proxy before us says. */
export type ProxiedAddresses = {
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
};

export type ProxyHeaderResult =
  /** `addresses` is undefined for LOCAL, UNKNOWN and address families without IP: use the connection's own. */
  | { readonly kind: "header"; readonly length: number; readonly addresses: ProxiedAddresses | undefined }
  /** Incomplete: read on. */
  | { readonly kind: "more" }
  /** There is no valid header: close. */
  | { readonly kind: "invalid"; readonly reason: string };

/** Longest v2 header that is read, TLVs and all. Bytes. */
export const proxyHeaderLimitBytes = 4096;

const v2Signature = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
const v1Start = Buffer.from("PROXY ", "latin1");
/** Longest v1 line with its CRLF. */
const v1LimitBytes = 107;

const invalid = (reason: string): ProxyHeaderResult => ({ kind: "invalid", reason });

/** Reads the header at the start of a connection's bytes. */
export function readProxyHeader(bytes: Buffer): ProxyHeaderResult {
  if (startsLike(bytes, v2Signature)) return bytes.length < 16 ? { kind: "more" } : readV2(bytes);
  if (startsLike(bytes, v1Start)) return readV1(bytes);
  return invalid("the connection does not begin with a PROXY header");
}

/** Whether the bytes are, or may still become, the start of a header of either version, valid or not. */
export function beginsProxyHeader(bytes: Buffer): boolean {
  return startsLike(bytes, v2Signature) || startsLike(bytes, v1Start);
}

/** Whether the bytes are, or may still become, the signature. */
function startsLike(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length);
  return bytes.compare(signature, 0, length, 0, length) === 0;
}

function readV1(bytes: Buffer): ProxyHeaderResult {
  const end = bytes.subarray(0, v1LimitBytes).indexOf("\r\n");
  if (end < 0) return bytes.length >= v1LimitBytes ? invalid("PROXY line too long") : { kind: "more" };
  const words = bytes.latin1Slice(0, end).split(" ");
  if (words[1] === "UNKNOWN") return { kind: "header", length: end + 2, addresses: undefined };
  const [, family, sourceAddress = "", destinationAddress = "", sourcePort = "", destinationPort = ""] = words;
  const version = family === "TCP4" ? 4 : family === "TCP6" ? 6 : -1;
  const ports = [sourcePort, destinationPort].map(parsePort);
  if (
    words.length !== 6 ||
    isIP(sourceAddress) !== version ||
    isIP(destinationAddress) !== version ||
    ports[0] === undefined ||
    ports[1] === undefined
  ) {
    return invalid("malformed PROXY line");
  }
  const addresses = { sourceAddress, sourcePort: ports[0], destinationAddress, destinationPort: ports[1] };
  return { kind: "header", length: end + 2, addresses };
}

/** A port in its canonical decimal form. */
function parsePort(text: string): number | undefined {
  return /^(0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

function readV2(bytes: Buffer): ProxyHeaderResult {
  const command = bytes[12] as number;
  if (command !== 0x20 && command !== 0x21) return invalid("unknown PROXY version or command");
  const length = 16 + bytes.readUInt16BE(14);
  if (length > proxyHeaderLimitBytes) return invalid("PROXY header too long");
  if (bytes.length < length) return { kind: "more" };
  const family = bytes[13] as number;
  const width = family === 0x11 || family === 0x12 ? 4 : family === 0x21 || family === 0x22 ? 16 : 0;
  if (command === 0x20 || width === 0) return { kind: "header", length, addresses: undefined };
  const ports = 16 + width * 2;
  if (length < ports + 4) return invalid("PROXY header cut off");
  return {
    kind: "header",
    length,
    addresses: {
      sourceAddress: formatAddress(bytes.subarray(16, 16 + width)),
      destinationAddress: formatAddress(bytes.subarray(16 + width, ports)),
      sourcePort: bytes.readUInt16BE(ports),
      destinationPort: bytes.readUInt16BE(ports + 2),
    },
  };
}

function formatAddress(raw: Buffer): string {
  if (raw.length === 4) return raw.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => raw.readUInt16BE(i * 2).toString(16)).join(":");
  // The URL parser writes IPv6 in its canonical form (RFC 5952).
  return new URL(`http://[${groups}]/`).hostname.slice(1, -1);
}

/** Versions of the header that are written. */
export type ProxyProtocolVersion = "v1" | "v2";

/** Builds the header of a TCP connection. Addresses of different families, or that are not IP, give an UNKNOWN or LOCAL one. */
export function writeProxyHeader(version: ProxyProtocolVersion, addresses: ProxiedAddresses): Buffer {
  return version === "v1" ? writeV1(addresses) : writeV2(addresses);
}

function writeV1({ sourceAddress, sourcePort, destinationAddress, destinationPort }: ProxiedAddresses): Buffer {
  const version = isIP(sourceAddress);
  if (version === 0 || isIP(destinationAddress) !== version) return Buffer.from("PROXY UNKNOWN\r\n", "latin1");
  // A zone says where an address holds on this machine, which means nothing elsewhere.
  const [source, destination] = [sourceAddress, destinationAddress].map((address) => address.replace(/%.*$/, ""));
  const line = `PROXY TCP${version} ${source} ${destination} ${sourcePort} ${destinationPort}\r\n`;
  return Buffer.from(line, "latin1");
}

function writeV2(addresses: ProxiedAddresses): Buffer {
  const version = isIP(addresses.sourceAddress);
  if (version === 0 || isIP(addresses.destinationAddress) !== version) {
    return Buffer.concat([v2Signature, Buffer.from([0x20, 0, 0, 0])]);
  }
  const out = Buffer.alloc(4 + (version === 4 ? 12 : 36));
  out[0] = 0x21;
  out[1] = version === 4 ? 0x11 : 0x21;
  out.writeUInt16BE(out.length - 4, 2);
  const width = version === 4 ? 4 : 16;
  parseAddress(addresses.sourceAddress, version).copy(out, 4);
  parseAddress(addresses.destinationAddress, version).copy(out, 4 + width);
  out.writeUInt16BE(addresses.sourcePort, 4 + width * 2);
  out.writeUInt16BE(addresses.destinationPort, 6 + width * 2);
  return Buffer.concat([v2Signature, out]);
}

function parseAddress(text: string, version: number): Buffer {
  if (version === 4) return Buffer.from(text.split(".").map(Number));
  const groups = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const canonical = new URL(`http://[${text.replace(/%.*$/, "")}]/`).hostname.slice(1, -1);
  const [left = "", right] = canonical.split("::");
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const all = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]));
}
