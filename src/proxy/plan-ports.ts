import type { ListenerReport } from "../ir/plane.ts";
import type { GatewayModel, Listener, ListenerKey, RoutingModel, StreamListener } from "../ir/routing-model.ts";
import type { BoundListener } from "../ir/select.ts";

/** One socket to be: listeners of all Gateways that share its address and port. */
export type PlanePort<L extends Listener = Listener> = {
  /** Equal in two plans: the same socket. */
  readonly key: string;
  readonly address: string;
  /** Of the listeners, before any mapping. */
  readonly port: number;
  /** In the model's order: of one protocol, or HTTPS and TLS; not empty. */
  readonly bound: readonly BoundListener<L>[];
};

export type PortPlan = {
  /** Sockets for TCP: HTTP, HTTPS, TLS and TCP listeners. */
  readonly ports: readonly PlanePort[];
  /** Sockets for UDP, which has ports of its own. */
  readonly udpPorts: readonly PlanePort<StreamListener>[];
  /** Listeners that get no socket here, and why. */
  readonly rejected: Readonly<Record<ListenerKey, ListenerReport>>;
};

/** Protocols with the same word live together on a socket. */
const families = {
  HTTP: "HTTP",
  HTTPS: "TLS",
  TLS: "TLS",
  TCP: "TCP",
  UDP: "UDP",
} as const satisfies Record<Listener["protocol"], string>;

/**
 * Groups listeners into sockets: each has one at every address of its Gateway. Where protocols disagree, that of the first
 * listener (in the model's order) holds.
 */
export function planPorts(routing: RoutingModel, addressesOf: (gateway: GatewayModel) => Iterable<string>): PortPlan {
  const rejected: Record<ListenerKey, ListenerReport> = {};
  const groups = new Map<string, BoundListener[]>();
  const udpGroups = new Map<string, BoundListener<StreamListener>[]>();
  for (const gateway of routing.gateways) {
    const addresses = [...new Set(addressesOf(gateway))];
    for (const listener of gateway.listeners) {
      for (const address of addresses) {
        const place = `${address}|${listener.port}`;
        if (listener.protocol === "UDP") {
          udpGroups.set(place, [...(udpGroups.get(place) ?? []), { gateway, listener }]);
          continue;
        }
        const group = groups.get(place) ?? [];
        const first = group[0]?.listener;
        if (first !== undefined && families[first.protocol] !== families[listener.protocol]) {
          rejected[listener.key] = {
            state: "failed",
            message: `Port ${listener.port} already serves ${first.protocol} for another Gateway (${group[0]!.gateway.key}).`,
          };
          continue;
        }
        group.push({ gateway, listener });
        groups.set(place, group);
      }
    }
  }
  return { ports: portsOf(groups), udpPorts: portsOf(udpGroups), rejected };
}

function portsOf<L extends Listener>(groups: ReadonlyMap<string, readonly BoundListener<L>[]>): PlanePort<L>[] {
  return [...groups].map(([place, bound]) => ({
    key: place,
    address: place.slice(0, place.lastIndexOf("|")),
    port: bound[0]!.listener.port,
    bound,
  }));
}
