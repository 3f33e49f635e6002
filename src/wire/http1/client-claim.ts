import { asciiBytes, CGI_FOLD } from "./ascii.ts";

/**
 * Fields in which a proxy tells backends what it knows of a client or what it has changed, besides those that the gateway
 * writes itself: a client that sends one poses as the proxy. Underscores count as hyphens, as many backends read them.
 */
export const clientClaims = {
  /** Whole families by how their names begin. */
  families: ["x-forwarded", "x-original-"],
  names: ["x-client-ip", "x-cluster-client-ip", "x-real-ip", "x-rewrite-url", "x-scheme", "x-url-scheme"],
} as const;

const families = clientClaims.families.map(asciiBytes);
const names = clientClaims.names.map(asciiBytes);
const LOWER_X = 120;

/** True when the range is the name of such a field, letter case aside. */
export function isClientClaim(bytes: Uint8Array, start: number, end: number): boolean {
  if (CGI_FOLD[bytes[start]!] !== LOWER_X) return false;
  for (let i = 0; i < families.length; i++) {
    if (end - start >= families[i]!.length && foldsTo(bytes, start, families[i]!)) return true;
  }
  for (let i = 0; i < names.length; i++) {
    if (end - start === names[i]!.length && foldsTo(bytes, start, names[i]!)) return true;
  }
  return false;
}

/** True when the bytes from `start` are `name`, letter case and underscores for hyphens aside. The caller has compared lengths. */
export function foldsTo(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  // Last byte first: names of one length often begin alike (`x-forwarded-…`) and seldom end alike.
  for (let i = name.length - 1; i >= 0; i--) {
    if (CGI_FOLD[bytes[start + i]!] !== name[i]) return false;
  }
  return true;
}
