import type { Finding } from "../../finding/finding.ts";
import type { Condition } from "../../status/condition.ts";
import type { CompiledRoute } from "../contract.ts";
import type { CompiledGateway } from "../gateway/gateway.ts";
import { compareHostnames, type Intersection } from "../hostname-patterns.ts";
import type { ListenerDraft } from "../listener/listener.ts";
import { isTrue } from "../report/conditions.ts";
import type { Report } from "../report/report-table.ts";
import type { RouteAttachment } from "./attach.ts";
import { parentConditions, routeStatus } from "./route-status.ts";
import type { PlacedRoute } from "./stream-plan.ts";

/** A route on one listener of one Gateway. */
export type Placement = {
  readonly listener: ListenerDraft;
  readonly gateway: CompiledGateway;
  readonly placed: PlacedRoute;
};

/** What one route's attachment comes to. */
export type PlacedAttachment = {
  /** No status for a route without a parent of ours. */
  readonly report: Report;
  readonly placements: readonly Placement[];
  /** Gateways that accept the route, each with the route as compiled for it. */
  readonly acceptedBy: readonly (readonly [CompiledGateway, CompiledRoute])[];
};

/**
 * Puts a route that is accepted on its listeners, and says what its parents are told. `compiled`: the route as compiled for
 * the Gateway of each of the attachment's outcomes.
 */
export function placeAttachment(attachment: RouteAttachment, compiled: readonly CompiledRoute[]): PlacedAttachment {
  const { route, outcomes } = attachment;
  const findings: Finding[] = [...attachment.findings];
  const told = new Set<CompiledRoute>();
  const conditions: (readonly Condition[])[] = [];
  const placements = new Map<ListenerDraft, Placement>();
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
    const { gateway } = outcome.parent;
    for (const { listener, hostnames } of outcome.attachments) {
      const all = union(placements.get(listener)?.placed.hostnames, hostnames);
      placements.set(listener, { listener, gateway, placed: { route, compiled: own, hostnames: all } });
    }
  });
  const status = outcomes.length > 0 ? [routeStatus(attachment, conditions)] : [];
  return { report: { findings, status }, placements: [...placements.values()], acceptedBy: [...acceptedBy] };
}

/** Two parentRefs of a route may lead to one listener; it is served there once. */
function union(known: readonly Intersection[] | undefined, more: readonly Intersection[]): readonly Intersection[] {
  if (!known) return more;
  const byHostname = new Map([...known, ...more].map((intersection) => [intersection.hostname, intersection]));
  return [...byHostname.values()].sort((a, b) => compareHostnames(a.hostname, b.hostname));
}
