import type { Steps } from "../base/steps.ts";
import type { Finding } from "../finding/finding.ts";
import type { Condition, ObjectStatus } from "../status/condition.ts";
import type { RouteAttachment } from "./attach.ts";
import type { CompileMemo } from "./compile-memo.ts";
import { isTrue } from "./conditions.ts";
import type { BackendKey, CompileContext, CompiledRoute } from "./contract.ts";
import type { CompiledGateway } from "./gateway.ts";
import { compareHostnames, type Intersection } from "./hostname.ts";
import type { ListenerDraft } from "./listener.ts";
import type { PolicyUsage } from "./policy.ts";
import { compileRoute } from "./route/compile-route.ts";
import { parentConditions, routeStatus } from "./route-status.ts";
import type { PlacedRoute } from "./virtual-host.ts";

export type PlacedRoutes = {
  /** The accepted routes of each listener. */
  readonly byListener: ReadonlyMap<ListenerDraft, readonly PlacedRoute[]>;
  readonly status: readonly ObjectStatus[];
  readonly findings: readonly Finding[];
  /** Accepted routes of a listener, for its status. */
  count(listener: ListenerDraft): number;
  /** The backends that each Gateway reaches. */
  usage(gateways: readonly CompiledGateway[]): PolicyUsage["gateways"];
};

/** What one route's attachment comes to. */
export type PlacedAttachment = {
  readonly findings: readonly Finding[];
  /** Absent for a route without a parent of ours. */
  readonly status: ObjectStatus | undefined;
  readonly placements: ReadonlyMap<ListenerDraft, PlacedRoute>;
  /** Gateways that accept the route, each with the route as compiled for it. */
  readonly acceptedBy: ReadonlyMap<CompiledGateway, CompiledRoute>;
};

/**
 * Compiles every attached route once for each of its Gateways, and puts those that are accepted on their listeners; a step
 * for each.
 */
export function* placeRoutes(
  context: CompileContext,
  attachments: readonly RouteAttachment[],
  memo: CompileMemo,
): Steps<PlacedRoutes> {
  const byListener = new Map<ListenerDraft, PlacedRoute[]>();
  const backends = new Map<CompiledGateway, Set<BackendKey>>();
  const status: ObjectStatus[] = [];
  const findings: Finding[] = [];

  for (const attachment of attachments) {
    yield;
    const { route, outcomes } = attachment;
    const compiled = outcomes.map(({ parent: { gateway } }) =>
      memo.route(route, gateway.context, () => compileRoute(route, gateway.context, context)),
    );
    const placed = memo.placed(attachment, compiled, () => placeAttachment(attachment, compiled));
    findings.push(...placed.findings);
    if (placed.status) status.push(placed.status);
    for (const [listener, placement] of placed.placements) append(byListener, listener, placement);
    for (const [gateway, { backends: own }] of placed.acceptedBy) addAll(backends, gateway, own);
  }

  return {
    byListener,
    status,
    findings,
    count: (listener) => byListener.get(listener)?.length ?? 0,
    usage: (gateways) =>
      gateways.map((gateway) => ({
        namespace: gateway.context.namespace,
        name: gateway.context.name,
        backends: backends.get(gateway) ?? new Set(),
      })),
  };
}

/** `compiled` is in the order of the attachment's outcomes. */
function placeAttachment(attachment: RouteAttachment, compiled: readonly CompiledRoute[]): PlacedAttachment {
  const { route, outcomes } = attachment;
  const findings: Finding[] = [...attachment.findings];
  const told = new Set<CompiledRoute>();
  const conditions: (readonly Condition[])[] = [];
  const placements = new Map<ListenerDraft, PlacedRoute>();
  const acceptedBy = new Map<CompiledGateway, CompiledRoute>();
  outcomes.forEach((outcome, place) => {
    const own = compiled[place]!;
    if (!told.has(own)) findings.push(...own.findings);
    told.add(own);
    findings.push(...outcome.findings);
    const ofParent = parentConditions([...outcome.findings, ...own.findings], route.metadata.generation);
    conditions.push(ofParent);
    if (!isTrue(ofParent, "Accepted")) return;
    acceptedBy.set(outcome.parent.gateway, own);
    for (const { listener, hostnames } of outcome.attachments) {
      const all = union(placements.get(listener)?.hostnames, hostnames);
      placements.set(listener, { route, compiled: own, hostnames: all });
    }
  });
  const status = outcomes.length > 0 ? routeStatus(attachment, conditions) : undefined;
  return { findings, status, placements, acceptedBy };
}

/** Two parentRefs of a route may lead to one listener; it is served there once. */
function union(known: readonly Intersection[] | undefined, more: readonly Intersection[]): readonly Intersection[] {
  if (!known) return more;
  const byHostname = new Map([...known, ...more].map((intersection) => [intersection.hostname, intersection]));
  return [...byHostname.values()].sort((a, b) => compareHostnames(a.hostname, b.hostname));
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function addAll<K, V>(sets: Map<K, Set<V>>, key: K, values: ReadonlySet<V>): void {
  let set = sets.get(key);
  if (!set) {
    set = new Set();
    sets.set(key, set);
  }
  for (const value of values) set.add(value);
}
