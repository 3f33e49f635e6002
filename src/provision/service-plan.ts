import {
  type AddressRequest,
  type DataPlane,
  type DataPlaneGateway,
  type DataPlanePort,
  routabilities,
} from "../infrastructure/data-plane.ts";
import type { GatewayKey } from "../ir/routing-model.ts";
import { objectName, shortHash } from "./object-name.ts";

/** One Service of a data plane, and the requests for an address that it is for. */
export type PlannedService = {
  readonly name: string;
  readonly type: "LoadBalancer" | "NodePort" | "ClusterIP";
  /** An address that is asked for by name. */
  readonly address?: string;
  readonly ports: readonly DataPlanePort[];
  /** Gateways with the place of the request in their `spec.addresses`; without one when they have none. */
  readonly for: readonly { readonly gateway: GatewayKey; readonly request?: number }[];
};

/** Whether an address of this reach can be had from a Service. */
export function isProvidable({ routability }: AddressRequest): boolean {
  return (Object.values(routabilities) as readonly string[]).includes(routability);
}

/**
 * The Services of a data plane: one for each address that is asked for, so that each entry of `spec.addresses` stands by itself,
 * and one for Gateways that ask for none. A Service for an entry has a hash of what is asked in its name: when an entry goes,
 * the others' Services stay as they are. Ordered by name.
 */
export function planServices(plane: DataPlane): readonly PlannedService[] {
  const base = objectName(plane);
  const { type } = plane.settings.service;
  const services = new Map<string, PlannedService>();
  for (const gateway of plane.gateways) {
    const requests: readonly (AddressRequest | undefined)[] =
      gateway.addresses.length === 0 ? [undefined] : gateway.addresses;
    const seen = new Map<string, number>();
    requests.forEach((request, place) => {
      if (gateway.ports.length === 0 || (request && !isProvidable(request))) return;
      const suffix = request === undefined ? "" : suffixOf(plane, gateway, { request, seen });
      const name = `${base}${suffix}`;
      const known = services.get(name);
      services.set(name, {
        name,
        type: request?.routability === routabilities.cluster ? "ClusterIP" : type,
        ...(request?.value === undefined ? {} : { address: request.value }),
        ports: joinPorts(known?.ports ?? [], gateway.ports),
        for: [...(known?.for ?? []), { gateway: gateway.key, ...(request === undefined ? {} : { request: place }) }],
      });
    });
  }
  return [...services.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** An entry that says no more than that any address will do is no different from none, unless it is the second. */
function suffixOf(
  plane: DataPlane,
  gateway: DataPlaneGateway,
  entry: { readonly request: AddressRequest; readonly seen: Map<string, number> },
): string {
  const { value = "", routability } = entry.request;
  const what = `${value} ${routability}`;
  const count = entry.seen.get(what) ?? 0;
  entry.seen.set(what, count + 1);
  if (value === "" && routability === routabilities.any && count === 0 && plane.mode === "own") return "";
  return `-${shortHash(JSON.stringify([gateway.key, value, routability, count]))}`;
}

function joinPorts(one: readonly DataPlanePort[], other: readonly DataPlanePort[]): readonly DataPlanePort[] {
  const ports = new Map([...one, ...other].map((port) => [`${port.port}/${port.protocol}`, port]));
  return [...ports.values()].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}
