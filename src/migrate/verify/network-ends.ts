import { parseCidr } from "../../base/cidr.ts";

/** The first address of a network, and the one behind its last; nothing for what is no network. The one behind all addresses is left out. */
export function networkEnds(text: string): readonly string[] {
  const cidr = parseCidr(text);
  if (cidr === undefined) return [];
  const bits = BigInt(cidr.network.length * 8);
  const first = cidr.network.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  const behind = first + (1n << (bits - BigInt(cidr.prefixLength)));
  const ends = behind >> bits === 0n ? [first, behind] : [first];
  return ends.map((address) => formatAddress(address, cidr.network.length));
}

function formatAddress(address: bigint, bytes: number): string {
  if (bytes === 4) return [24n, 16n, 8n, 0n].map((shift) => String((address >> shift) & 0xffn)).join(".");
  return Array.from({ length: 8 }, (_, at) => ((address >> BigInt(112 - at * 16)) & 0xffffn).toString(16)).join(":");
}
