import type { JsonObject } from "../../resource/json.ts";
import { splitApiVersion } from "../../resource/kind-version.ts";
import { objectsOf, specOf, textsOf } from "../../resource/written-object.ts";

/** Hosts that have routes in common: they move together. */
export type MoveUnit = {
  /** In order of their names. */
  readonly hostnames: readonly string[];
  /** Ingresses with rules for one of the hosts, as they are written. */
  readonly ingresses: readonly JsonObject[];
  /** Converted routes that name one of the hosts. */
  readonly routes: readonly JsonObject[];
};

export type MoveInput = {
  readonly units: readonly MoveUnit[];
  /** Gateways, policies and whatever else routes need: applied with the first host, and never taken back. */
  readonly base: readonly JsonObject[];
};

const routeKinds = ["HTTPRoute", "GRPCRoute", "TLSRoute"];
const baseGroups = [
  "gateway.networking.k8s.io",
  "gateway.sluice.dev",
  "gateway.envoyproxy.io",
  "traefik.io",
  "cert-manager.io",
];

/** Sorts what was read, Ingresses and converted objects together, into the hosts that move and what all of them need. */
export function readMoveInput(objects: readonly JsonObject[]): MoveInput {
  const ingresses = objects.filter((object) => isKind(object, "networking.k8s.io", ["Ingress"]));
  const routes = objects.filter(
    (object) => isKind(object, "gateway.networking.k8s.io", routeKinds) && hostnamesOf(object).length > 0,
  );
  const own = new Set(routes);
  const isBase = (object: JsonObject): boolean =>
    baseGroups.includes(groupOf(object)) || isKind(object, "cert-manager.io", ["Certificate"]);
  const base = objects.filter((object) => isBase(object) && !own.has(object));
  const groups = new HostGroups();
  for (const route of routes) groups.join(hostnamesOf(route));
  for (const ingress of ingresses) for (const host of hostsOf(ingress)) groups.join([host]);
  const units = groups.all().map((hostnames): MoveUnit => {
    const hosts = new Set(hostnames);
    return {
      hostnames,
      ingresses: ingresses.filter((ingress) => hostsOf(ingress).some((host) => hosts.has(host))),
      routes: routes.filter((route) => hostnamesOf(route).some((host) => hosts.has(host))),
    };
  });
  return { units, base };
}

/** Hosts that are said to belong together, as sets. */
class HostGroups {
  readonly #groupOf = new Map<string, Set<string>>();

  join(hosts: readonly string[]): void {
    const joined = new Set(hosts);
    for (const host of hosts) for (const other of this.#groupOf.get(host) ?? []) joined.add(other);
    for (const host of joined) this.#groupOf.set(host, joined);
  }

  all(): readonly (readonly string[])[] {
    return [...new Set(this.#groupOf.values())]
      .map((group) => [...group].sort())
      .sort(([one = ""], [other = ""]) => (one < other ? -1 : 1));
  }
}

/** Of a route, lower case. */
function hostnamesOf(route: JsonObject): readonly string[] {
  return namesIn(specOf(route)["hostnames"]);
}

/** Of an Ingress, each once, lower case. Rules without a host are nobody's, and do not move by themselves. */
export function hostsOf(ingress: JsonObject): readonly string[] {
  return [...new Set(namesIn(objectsOf(specOf(ingress)["rules"]).map(({ host }) => host)))];
}

function isKind(object: JsonObject, group: string, kinds: readonly string[]): boolean {
  return groupOf(object) === group && kinds.includes(String(object["kind"]));
}

function groupOf(object: JsonObject): string {
  return splitApiVersion(String(object["apiVersion"])).group;
}

function namesIn(value: unknown): readonly string[] {
  return textsOf(value)
    .filter((name) => name !== "")
    .map((name) => name.toLowerCase());
}
