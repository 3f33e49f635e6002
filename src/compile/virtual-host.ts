import type { HttpEntry, TlsEntry, VirtualHost } from "../ir/routing-model.ts";
import { compareAge } from "./age.ts";
import { compareText } from "./by-name.ts";
import type { CompiledRoute, Route, ScoredEntry } from "./contract.ts";
import { compareHostnames, type Intersection } from "./hostname.ts";
import { compareEntries } from "./precedence.ts";

/** A route on one listener: where it serves, and what. */
export type PlacedRoute = {
  readonly route: Route;
  readonly compiled: CompiledRoute;
  readonly hostnames: readonly Intersection[];
};

/** Virtual hosts of one listener as they were built before, by hostname, with what they were built from. */
export type KnownHosts = Map<string, { readonly parts: readonly HostPart[]; readonly host: VirtualHost }>;

/** What a route adds to a virtual host. */
type HostPart = { readonly asked: string; readonly compiled: CompiledRoute };

/**
 * The virtual hosts of an HTTP listener, longest hostname first. Inside one, entries of routes that asked for a more specific
 * hostname go before all others, also when the listener has narrowed both to the same. Then the order of matches decides.
 * Hosts in `known` that are made of the very same routes are taken over, and `known` is brought up to date.
 * Spec: HTTPRouteSpec.hostnames, "precedence must be given to rules from the HTTPRoute with the largest number of".
 */
export function buildVirtualHosts(routes: readonly PlacedRoute[], known: KnownHosts = new Map()): VirtualHost[] {
  const partsOf = new Map<string, HostPart[]>();
  for (const { compiled, hostnames } of routes) {
    if (compiled.entries.length === 0) continue;
    for (const { hostname, asked } of hostnames) {
      const parts = partsOf.get(hostname);
      if (parts) parts.push({ asked, compiled });
      else partsOf.set(hostname, [{ asked, compiled }]);
    }
  }
  for (const hostname of known.keys()) if (!partsOf.has(hostname)) known.delete(hostname);
  return [...partsOf.keys()].sort(compareHostnames).map((hostname) => {
    const parts = partsOf.get(hostname) ?? [];
    const before = known.get(hostname);
    if (before && sameParts(before.parts, parts)) return before.host;
    const host = buildHost(hostname, parts);
    known.set(hostname, { parts, host });
    return host;
  });
}

function buildHost(hostname: string, parts: readonly HostPart[]): VirtualHost {
  const groups = new Map<string, ScoredEntry[]>();
  for (const { asked, compiled } of parts) {
    const group = groups.get(asked);
    if (group) group.push(...compiled.entries);
    else groups.set(asked, [...compiled.entries]);
  }
  const ordered = [...groups].sort(([a], [b]) => compareHostnames(a, b));
  return { hostname, entries: ordered.flatMap(([, entries]) => entries.sort(compareEntries).map(toEntry)) };
}

function sameParts(a: readonly HostPart[], b: readonly HostPart[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ asked, compiled }, place) => b[place]?.compiled === compiled && b[place].asked === asked)
  );
}

function toEntry({ match, rule, matchIndex }: ScoredEntry): HttpEntry {
  return { match, rule: rule.key, matchIndex };
}

/** What a TLS, TCP or UDP listener serves, and which routes get nothing because another goes before them. */
export type StreamPlan = {
  readonly entries: readonly TlsEntry[];
  readonly superseded: readonly { readonly route: Route; readonly by: Route; readonly hostname: string }[];
};

/**
 * One rule for each server name: of the route that asked for the most specific hostname, then of the oldest, then the first by
 * namespace/name. TCP and UDP know one name only, `*`.
 */
export function planStreams(routes: readonly PlacedRoute[]): StreamPlan {
  const winners = new Map<string, { readonly placed: PlacedRoute; readonly asked: string }>();
  const claims = routes.flatMap((placed) => placed.hostnames.map((intersection) => ({ placed, ...intersection })));
  claims.sort((a, b) => compareHostnames(a.asked, b.asked) || compareRoutes(a.placed.route, b.placed.route));
  const superseded: StreamPlan["superseded"][number][] = [];
  for (const { placed, hostname, asked } of claims) {
    const winner = winners.get(hostname);
    if (!winner) winners.set(hostname, { placed, asked });
    else if (winner.placed !== placed) superseded.push({ route: placed.route, by: winner.placed.route, hostname });
  }
  const entries = [...winners.keys()].sort(compareHostnames).flatMap((hostname) => {
    const rule = winners.get(hostname)?.placed.compiled.streamRules[0];
    return rule ? [{ hostname, rule }] : [];
  });
  return { entries, superseded };
}

/** Oldest first, then by namespace/name, then by kind. */
export function compareRoutes(a: Route, b: Route): number {
  return compareAge(a, b) || compareText(a.kind, b.kind);
}
