import { type Cidr, cidrContains, parseCidr } from "../../base/cidr.ts";
import type { AddressSource } from "../../ir/middleware-filter.ts";
import { type BuildFilter, built } from "../contract/build.ts";
import { onRequest } from "../contract/hook.ts";
import { problem } from "../contract/local-reply.ts";

/**
 * Refuses clients whose address is in none of the networks, or cannot be found out. Spec: IPAllowList of Traefik.
 */
export const buildAddressAllowList: BuildFilter<"addressAllowList"> = (filter) => {
  const networks = filter.networks.flatMap((text) => parseCidr(text) ?? []);
  const addressOf = finder(filter.source);
  const refusal = problem(filter.status, "AL", "Your address is not allowed here.");
  return built(
    onRequest((request) => {
      const address = addressOf(forwardedFor(request.ownLines()));
      if (address === undefined) return refusal;
      return isInOne(networks, cut(address, filter.ipv6Bits)) ? undefined : refusal;
    }),
  );
};

/** Addresses from the right: the connection's first, then those that trusted proxies have told. */
type FindAddress = (addresses: readonly string[]) => string | undefined;

function finder(source: AddressSource): FindAddress {
  switch (source.from) {
    case "connection":
      return (addresses) => addresses[0];
    case "depth":
      return (addresses) => addresses[source.depth];
    case "forwarded": {
      const excluded = source.excluded.flatMap((text) => parseCidr(text) ?? []);
      return (addresses) => addresses.slice(1).find((address) => address !== "" && !isInOne(excluded, address));
    }
  }
}

const field = "x-forwarded-for: ";

/** The list that the backend is told: what trusted proxies said, and the connection behind it. */
function forwardedFor(ownLines: string): readonly string[] {
  const at = ownLines.indexOf(field);
  if (at < 0) return [];
  const line = ownLines.slice(at + field.length, ownLines.indexOf("\r\n", at));
  return line
    .split(",")
    .map((entry) => entry.trim())
    .reverse();
}

function isInOne(networks: readonly Cidr[], address: string): boolean {
  return networks.some((network) => cidrContains(network, address));
}

/** An IPv6 address with nothing behind its first bits; any other text as it is. */
function cut(address: string, bits: number): string {
  if (bits === 128 || !address.includes(":")) return address;
  return parseCidr(`${address}/${bits}`)?.text.split("/")[0] ?? address;
}
