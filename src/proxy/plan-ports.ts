import type { ListenerReport } from "../ir/plane.ts";
import type { GatewayKey, HttpListener, ListenerKey, RoutingModel } from "../ir/routing-model.ts";
import type { BoundListener } from "../ir/select.ts";

/** One socket to be: listeners of all Gateways that share its address, port and protocol. */
export type PlanePort = {
  /** Equal in two plans: the same socket. */
  readonly key: string;
  readonly address: string;
  /** Of the listeners, before any mapping. */
  readonly port: number;
  readonly bound: readonly BoundListener<HttpListener>[];
};

export type PortPlan = {
  readonly ports: readonly PlanePort[];
  /** Listeners that get no socket here, and why. */
  readonly rejected: Readonly<Record<ListenerKey, ListenerReport>>;
};

/** Groups listeners into sockets. Where protocols disagree, that of the first listener (in the model's order) holds. */
export function planPorts(routing: RoutingModel, addressOf: (gateway: GatewayKey) => string): PortPlan {
  const rejected: Record<ListenerKey, ListenerReport> = {};
  const groups = new Map<string, BoundListener<HttpListener>[]>();
  for (const gateway of routing.gateways) {
    for (const listener of gateway.listeners) {
      if (listener.protocol !== "HTTP" && listener.protocol !== "HTTPS") {
        rejected[listener.key] = {
          state: "unsupported",
          message: `The embedded data plane does not serve ${listener.protocol} listeners.`,
        };
        continue;
      }
      const place = `${addressOf(gateway.key)}|${listener.port}`;
      const group = groups.get(place) ?? [];
      const first = group[0]?.listener;
      if (first !== undefined && first.protocol !== listener.protocol) {
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
  const ports = [...groups].map(([place, bound]) => ({
    key: place,
    address: place.slice(0, place.lastIndexOf("|")),
    port: bound[0]!.listener.port,
    bound,
  }));
  return { ports, rejected };
}
