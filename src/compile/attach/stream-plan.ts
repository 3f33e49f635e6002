import type { TlsEntry } from "../../ir/routing-model.ts";
import type { CompiledRoute, Route } from "../contract.ts";
import { compareHostnames, type Intersection } from "../hostname-patterns.ts";
import { compareAge } from "../order/age.ts";
import { compareText } from "../order/by-name.ts";

/** A route on one listener: where it serves, and what. */
export type PlacedRoute = {
  readonly route: Route;
  readonly compiled: CompiledRoute;
  readonly hostnames: readonly Intersection[];
};

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
