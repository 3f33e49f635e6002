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

/** Compiles every attached route once for each of its Gateways, and puts those that are accepted on their listeners. */
export function placeRoutes(
  context: CompileContext,
  attachments: readonly RouteAttachment[],
  memo: CompileMemo,
): PlacedRoutes {
  const byListener = new Map<ListenerDraft, PlacedRoute[]>();
  const backends = new Map<CompiledGateway, Set<BackendKey>>();
  const status: ObjectStatus[] = [];
  const findings: Finding[] = [];

  for (const attachment of attachments) {
    const { route, outcomes } = attachment;
    findings.push(...attachment.findings);
    const compiledFor = new Map<CompiledGateway, CompiledRoute>();
    const conditions: (readonly Condition[])[] = [];
    const placements = new Map<ListenerDraft, { compiled: CompiledRoute; hostnames: readonly Intersection[] }>();
    for (const outcome of outcomes) {
      const { gateway } = outcome.parent;
      let compiled = compiledFor.get(gateway);
      if (!compiled) {
        compiled = memo.route(route, gateway.context, () => compileRoute(route, gateway.context, context));
        compiledFor.set(gateway, compiled);
        findings.push(...compiled.findings);
      }
      findings.push(...outcome.findings);
      const own = parentConditions([...outcome.findings, ...compiled.findings], route.metadata.generation);
      conditions.push(own);
      if (!isTrue(own, "Accepted")) continue;
      addAll(backends, gateway, compiled.backends);
      for (const { listener, hostnames } of outcome.attachments) {
        placements.set(listener, { compiled, hostnames: union(placements.get(listener)?.hostnames, hostnames) });
      }
    }
    for (const [listener, placement] of placements) append(byListener, listener, { route, ...placement });
    if (outcomes.length > 0) status.push(routeStatus(attachment, conditions));
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
