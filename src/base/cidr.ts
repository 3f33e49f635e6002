/** The one home of IP address arithmetic. Addresses are text in canonical form: dotted IPv4, RFC 5952 IPv6 without brackets. */
import ipaddr from "ipaddr.js";

/** A network: its canonical text, such as `10.1.0.0/16`, and what membership and allocation need. */
export type Cidr = {
  readonly text: string;
  readonly family: 4 | 6;
  readonly prefixLength: number;
  /** Network address as bytes: 4 or 16. */
  readonly network: readonly number[];
};

/**
 * Canonical text of an IP address; `undefined` for anything else: short or octal IPv4, brackets, a zone, a name.
 * IPv4-mapped IPv6 (`::ffff:10.0.0.1`) becomes IPv4, so that one client has one address.
 */
export function normalizeAddress(text: string): string | undefined {
  return parseBytes(text)?.text;
}

/** Address family; `undefined` when `text` is not an IP address. */
export function addressFamily(text: string): 4 | 6 | undefined {
  const parsed = parseBytes(text);
  return parsed && (parsed.bytes.length === 4 ? 4 : 6);
}

/** Whether the address is of the host itself (127.0.0.0/8, ::1). `false` for what is not an address. */
export function isLoopback(text: string): boolean {
  const bytes = parseBytes(text)?.bytes;
  if (!bytes) return false;
  return bytes.length === 4 ? bytes[0] === 127 : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
}

/** Parses `address/length`, or an address alone as a network of one. Host bits are cleared. `undefined` when it is neither. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  const address = parseBytes(slash < 0 ? text : text.slice(0, slash), "keepMapped");
  if (!address) return undefined;
  const bits = address.bytes.length * 8;
  const lengthText = slash < 0 ? String(bits) : text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(lengthText)) return undefined;
  const prefixLength = Number(lengthText);
  if (prefixLength > bits) return undefined;
  const network = address.bytes.map((byte, index) => byte & maskByte(prefixLength, index));
  return {
    text: `${formatBytes(network)}/${prefixLength}`,
    family: network.length === 4 ? 4 : 6,
    prefixLength,
    network,
  };
}

/** Whether the address lies in the network. `false` for what is not an address, or is of the other family. */
export function cidrContains(cidr: Cidr, address: string): boolean {
  const bytes = parseBytes(address)?.bytes;
  return bytes !== undefined && holds(cidr, bytes);
}

/** Tells whether an address lies in one of the networks; `undefined` for what is not an address. */
export function addressMatcher(cidrs: readonly Cidr[]): (address: string) => boolean | undefined {
  return (address) => {
    const bytes = parseBytes(address)?.bytes;
    return bytes && cidrs.some((cidr) => holds(cidr, bytes));
  };
}

function holds({ network, prefixLength }: Cidr, bytes: readonly number[]): boolean {
  return (
    bytes.length === network.length &&
    network.every((byte, index) => byte === (bytes[index]! & maskByte(prefixLength, index)))
  );
}

/** Number of addresses that {@link nthAddress} can give, at most 2^32. */
export function usableAddresses(cidr: Cidr): number {
  const hostBits = cidr.network.length * 8 - cidr.prefixLength;
  const all = 2 ** Math.min(hostBits, 32);
  return hasReservedEnds(cidr) ? all - 2 : all;
}

/**
 * The `index`th usable address, from 0. The network's own address is not used, nor the IPv4 broadcast address, except
 * in networks of one or two addresses. `undefined` when the network has no such address.
 */
export function nthAddress(cidr: Cidr, index: number): string | undefined {
  if (!Number.isSafeInteger(index) || index < 0 || index >= usableAddresses(cidr)) return undefined;
  let carry = index + (hasReservedEnds(cidr) ? 1 : 0);
  const bytes = [...cidr.network];
  for (let at = bytes.length - 1; at >= 0 && carry > 0; at--) {
    const sum = bytes[at]! + carry;
    bytes[at] = sum % 256;
    carry = Math.floor(sum / 256);
  }
  return formatBytes(bytes);
}

function hasReservedEnds(cidr: Cidr): boolean {
  return cidr.network.length * 8 - cidr.prefixLength >= 2;
}

function maskByte(prefixLength: number, index: number): number {
  const bits = Math.min(8, Math.max(0, prefixLength - index * 8));
  return (0xff << (8 - bits)) & 0xff;
}

function formatBytes(bytes: readonly number[]): string {
  const address = ipaddr.fromByteArray([...bytes]);
  return address.kind() === "ipv6" ? (address as ipaddr.IPv6).toRFC5952String() : address.toString();
}

function parseBytes(
  text: string,
  mapped: "keepMapped" | "unmap" = "unmap",
): { readonly text: string; readonly bytes: readonly number[] } | undefined {
  if (text.length > 45) return undefined;
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) {
    const address = ipaddr.IPv4.parse(text);
    return { text: address.toString(), bytes: address.toByteArray() };
  }
  if (!text.includes(":") || text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  if (mapped === "unmap" && address.isIPv4MappedAddress()) {
    const inner = address.toIPv4Address();
    return { text: inner.toString(), bytes: inner.toByteArray() };
  }
  return { text: address.toRFC5952String(), bytes: address.toByteArray() };
}
