import { parseCidr } from "../base/cidr.ts";

/** Networks of a list, canonical and in order, or the first word that is none. */
export type NetworkList =
  | { readonly kind: "networks"; readonly networks: readonly string[] }
  | { readonly kind: "invalid"; readonly word: string };

/** Reads addresses and networks between commas, as ingress-nginx does: an address alone is a network of one. An empty word is none. */
export function readNetworks(text: string): NetworkList {
  const networks: string[] = [];
  for (const word of text.split(",")) {
    const cidr = parseCidr(word.trim());
    if (cidr === undefined) return { kind: "invalid", word: word.trim() };
    networks.push(cidr.text);
  }
  return { kind: "networks", networks: [...new Set(networks)].sort() };
}
