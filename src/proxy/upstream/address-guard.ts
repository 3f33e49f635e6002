import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { type Cidr, cidrContains, normalizeAddress, parseCidr } from "../../base/cidr.ts";

/** Networks that no endpoint of a cluster is in, so that whoever writes one there aims at the gateway's own surroundings. */
const guardedNetworks = {
  /** The machine that the gateway runs on: its admin endpoint, its sidecars. */
  loopback: ["127.0.0.0/8", "::1/128"],
  /** Where clouds serve machine credentials. */
  linkLocal: ["169.254.0.0/16", "fe80::/10"],
  /** The system takes these for the machine itself. */
  unspecified: ["0.0.0.0/8", "::/128"],
  multicast: ["224.0.0.0/4", "255.255.255.255/32", "ff00::/8"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type GuardedNetwork = keyof typeof guardedNetworks;

const words: Readonly<Record<GuardedNetwork, string>> = {
  loopback: "a loopback address",
  linkLocal: "a link-local address",
  unspecified: "an unspecified address",
  multicast: "a multicast address",
};

/** Verdicts that are remembered: connections are made far more often than endpoints change. */
const rememberedVerdicts = 4_096;

/** Why an endpoint is not dialled. `code` has the shape of the system's own, so that it counts as a failed connection. */
export class RefusedAddressError extends Error {
  readonly code = "EREFUSEDADDRESS";
}

/**
 * Decides which upstream addresses may be dialled: at connect time, after names are resolved, for every protocol. Loopback,
 * link-local, unspecified and multicast addresses are refused unless allowed.
 */
export class AddressGuard {
  readonly #refused: readonly { readonly kind: GuardedNetwork; readonly networks: readonly Cidr[] }[];
  readonly #verdicts = new Map<string, RefusedAddressError | undefined>();
  /** For sockets that resolve names: answers with those addresses alone that may be dialled. */
  readonly lookup: LookupFunction;

  constructor(allowed: readonly GuardedNetwork[] = []) {
    this.#refused = (Object.keys(guardedNetworks) as GuardedNetwork[])
      .filter((kind) => !allowed.includes(kind))
      .map((kind) => ({ kind, networks: guardedNetworks[kind].map((text) => parseCidr(text) as Cidr) }));
    this.lookup = (hostname, options, done) => {
      lookup(hostname, { ...options, all: true }, (error, found) => {
        if (error !== null) return done(error, []);
        const permitted = found.filter(({ address }) => this.refusal(address) === undefined);
        const first = permitted[0];
        if (first === undefined)
          return done(new RefusedAddressError(`${hostname} leads to refused addresses only`), []);
        if (options.all === true) done(null, permitted);
        else done(null, first.address, first.family);
      });
    };
  }

  /** Why the IP address must not be dialled. `undefined`: it may; a name is judged by {@link lookup}. */
  refusal(address: string): RefusedAddressError | undefined {
    if (this.#verdicts.has(address)) return this.#verdicts.get(address);
    if (this.#verdicts.size >= rememberedVerdicts) this.#verdicts.clear();
    const verdict = this.#judge(address);
    this.#verdicts.set(address, verdict);
    return verdict;
  }

  #judge(address: string): RefusedAddressError | undefined {
    // A zone (`fe80::1%eth0`) says where the address holds, not which one it is.
    const zone = address.indexOf("%");
    const bare = zone < 0 ? address : address.slice(0, zone);
    if (isIP(bare) === 0) return undefined;
    const normal = normalizeAddress(bare) ?? bare;
    const found = this.#refused.find(({ networks }) => networks.some((network) => cidrContains(network, normal)));
    return found && new RefusedAddressError(`${address} is ${words[found.kind]}, which endpoints may not have`);
  }
}
