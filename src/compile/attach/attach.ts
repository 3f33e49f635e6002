import type { Finding } from "../../finding/finding.ts";
import type { CompileContext, Route } from "../contract.ts";
import { allListeners, type CompiledGateway } from "../gateway/gateway.ts";
import {
  coveringHostnames,
  type Intersection,
  intersectHostnames,
  intersectRouteHostnames,
  isAddress,
  patternCovers,
} from "../hostname-patterns.ts";
import { gatewayGroup, isServable, type ListenerDraft, listenerName } from "../listener/listener.ts";
import { namespaceAllowed } from "../listener/namespace-selector.ts";
import { nearName } from "../reference/near-name.ts";
import { refOf, report } from "../report/report.ts";
import { type GatewayIndex, type Parent, resolveParents } from "./parent-ref.ts";

/** A route's place on one listener. */
export type ListenerAttachment = {
  readonly listener: ListenerDraft;
  /** Most specific first; one for any hostname on listeners that know none. */
  readonly hostnames: readonly Intersection[];
};

/** What came of one parentRef. `findings` with a condition belong to the status of this parent. */
export type ParentOutcome = {
  readonly parent: Parent;
  readonly attachments: readonly ListenerAttachment[];
  readonly findings: readonly Finding[];
};

export type RouteAttachment = {
  readonly route: Route;
  readonly outcomes: readonly ParentOutcome[];
  /** About the route as a whole; none sets a condition. */
  readonly findings: readonly Finding[];
};

/**
 * Finds the listeners that a route attaches to: those that its parentRefs select, that take its kind and namespace, and
 * whose hostname agrees with one of its own. Listeners that are refused themselves take part: attachment does not depend
 * on their state. Spec: CommonRouteSpec.parentRefs, AllowedRoutes, HTTPRouteSpec.hostnames.
 */
export function attachRoute(context: CompileContext, index: GatewayIndex, route: Route): RouteAttachment {
  const { parents, findings } = resolveParents(context, index, route);
  const outcomes: ParentOutcome[] = [];
  for (const parent of parents) {
    const outcome = attachToParent(context, route, parent);
    if (!parent.implicit || outcome.attachments.length > 0) outcomes.push(outcome);
  }
  return { route, outcomes, findings: [...findings, ...findLostHostnames(route, outcomes)] };
}

/** Hostnames of a route as it is matched; none for kinds that have none. */
export function routeHostnames(route: Route): readonly string[] {
  return "hostnames" in route.spec ? (route.spec.hostnames ?? []).map((hostname) => hostname.toLowerCase()) : [];
}

/** How far an attempt to attach came; the furthest decides which reason the status gives. */
type Refusal = { readonly stage: "kind" | "namespace" | "hostname"; readonly listener: ListenerDraft };

function attachToParent(context: CompileContext, route: Route, parent: Parent): ParentOutcome {
  const at = { resource: route, pointer: parent.pointer };
  if (parent.detached) {
    const finding = report("parent-not-served", at, {
      message: `${parent.title} is not attached to Gateway ${parent.gateway.key}, so it serves no routes.`,
      fix: `See the findings of ${parent.title}.`,
    });
    return { parent, attachments: [], findings: [finding] };
  }
  const addressed = findAddress(route);
  if (addressed) return { parent, attachments: [], findings: [addressed] };
  if (parent.candidates.length === 0) return { parent, attachments: [], findings: [noCandidate(route, parent)] };

  const attachments: ListenerAttachment[] = [];
  const refusals: Refusal[] = [];
  const findings: Finding[] = [];
  for (const listener of parent.candidates) {
    if (!listener.routeKinds.some(({ group, kind }) => group === gatewayGroup && kind === route.kind)) {
      refusals.push({ stage: "kind", listener });
      continue;
    }
    const answer = namespaceAllowed(context, listener.spec.allowedRoutes.namespaces, {
      home: listener.owner.metadata.namespace,
      namespace: route.metadata.namespace,
    });
    if (answer.answer === "refused") {
      refusals.push({ stage: "namespace", listener });
      continue;
    }
    const hostnames = intersectRouteHostnames(listener.hostname, routeHostnames(route));
    if (hostnames.length === 0) {
      refusals.push({ stage: "hostname", listener });
      continue;
    }
    if (answer.answer === "assumed") findings.push(labelAssumed(listener, route.metadata.namespace, answer.wants));
    attachments.push({ listener, hostnames });
  }
  if (attachments.length === 0) findings.push(explainRefusal(context, route, { parent, refusals }));
  return { parent, attachments, findings };
}

/** TLSRoutes with such a hostname are refused by their schema; the other kinds' allows it, and their documentation does not. */
function findAddress(route: Route): Finding | undefined {
  const hostnames = routeHostnames(route);
  const index = hostnames.findIndex(isAddress);
  if (index < 0) return undefined;
  return report(
    "route-hostname-address",
    { resource: route, pointer: `/spec/hostnames/${index}` },
    {
      message: `Hostname ${hostnames[index]} is an IP address, so the route is not accepted.`,
      fix: "Remove it: a route without hostnames matches any name or address.",
    },
  );
}

function noCandidate(route: Route, parent: Parent): Finding {
  const { sectionName, port } = parent.ref;
  const wanted = [
    sectionName === undefined ? "" : `named "${sectionName}"`,
    port === undefined ? "" : `on port ${port}`,
  ].filter(Boolean);
  const near =
    sectionName === undefined
      ? undefined
      : nearName(
          sectionName,
          parent.listeners.map(({ spec }) => spec.name),
        );
  const named = parent.listeners.find(({ spec }) => spec.name === sectionName);
  const have = parent.listeners.map(({ spec }) => `"${spec.name}" (port ${spec.port})`).join(", ");
  const fix = named
    ? `Listener "${named.spec.name}" is on port ${named.spec.port}: write port: ${named.spec.port}, or remove port.`
    : near
      ? `Write sectionName: ${near}.`
      : (inSet(parent) ??
        `Write the ${sectionName === undefined ? "port" : "sectionName"} of one of them, or remove it to attach to all.`);
  return report(
    "parent-no-match",
    { resource: route, pointer: parent.pointer },
    {
      message: `${parent.title} has no listener ${wanted.join(" ")}; it has ${have}.`,
      fix,
    },
  );
}

/** The listener may stand in a ListenerSet, which routes have to name themselves. */
function inSet(parent: Parent): string | undefined {
  if (parent.ref.kind === "ListenerSet") return undefined;
  const set = parent.gateway.sets.find(({ listeners }) =>
    listeners.some(({ spec }) => spec.name === parent.ref.sectionName),
  );
  if (!set) return undefined;
  const { namespace, name } = set.resource.metadata;
  return `Listener "${parent.ref.sectionName}" is in ListenerSet ${namespace}/${name}: write kind: ListenerSet, namespace: ${namespace}, name: ${name}.`;
}

function explainRefusal(
  context: CompileContext,
  route: Route,
  attempt: { readonly parent: Parent; readonly refusals: readonly Refusal[] },
): Finding {
  const { parent, refusals } = attempt;
  const at = { resource: route, pointer: parent.pointer };
  const of = (stage: Refusal["stage"]) =>
    refusals.filter((refusal) => refusal.stage === stage).map(({ listener }) => listener);
  const related = [refOf(parent.gateway.resource)];

  const hostname = of("hostname");
  if (hostname.length > 0) {
    const theirs = hostname.map(({ spec, hostname: own }) => `"${spec.name}" (${own})`).join(", ");
    const ours = routeHostnames(route).join(", ");
    return report(
      "hostname-no-match",
      { resource: route, pointer: "/spec/hostnames" },
      {
        message: `The route serves ${ours}; ${parent.title} has ${hostname.length === 1 ? "listener" : "listeners"} ${theirs}. They have no hostname in common.`,
        fix: `Use hostnames below ${hostname[0]?.hostname ?? ""}, or change the hostname of the listener.${apexHint(route, hostname)}`,
        related,
      },
    );
  }
  const namespace = of("namespace");
  const first = namespace[0];
  if (first) return namespaceRefused(context, route, { parent, listeners: namespace, first });

  const kinds = [...new Set(parent.candidates.flatMap(({ routeKinds }) => routeKinds.map(({ kind }) => kind)))];
  const names = parent.candidates.map(({ spec }) => `"${spec.name}" (${spec.protocol})`).join(", ");
  return report("route-kind-not-allowed", at, {
    message: `${parent.title} does not allow ${route.kind} on ${names}${kinds.length > 0 ? `, only ${kinds.join(" and ")}` : ""}.`,
    fix: `Attach the ${route.kind} to a listener that allows it, or add the kind to allowedRoutes.kinds if the listener's protocol can serve it.`,
    related,
  });
}

/** The usual surprise: a wildcard does not stand for the name that it is below. */
function apexHint(route: Route, listeners: readonly ListenerDraft[]): string {
  const apex = routeHostnames(route).find((name) => listeners.some(({ hostname }) => hostname === `*.${name}`));
  return apex === undefined ? "" : ` *.${apex} does not match ${apex} itself.`;
}

function namespaceRefused(
  context: CompileContext,
  route: Route,
  attempt: { readonly parent: Parent; readonly listeners: readonly ListenerDraft[]; readonly first: ListenerDraft },
): Finding {
  const { parent, first, listeners } = attempt;
  const { namespace } = route.metadata;
  // A selector can be satisfied by a label; prefer to explain that one.
  const chosen = listeners.find(({ spec }) => spec.allowedRoutes.namespaces.from === "Selector") ?? first;
  const rule = chosen.spec.allowedRoutes.namespaces;
  const answer = namespaceAllowed(context, rule, { home: chosen.owner.metadata.namespace, namespace });
  const wants = answer.answer === "allowed" ? "" : answer.wants;
  const bySelector = rule.from === "Selector" && rule.selector !== undefined;
  const known = answer.answer === "allowed" || answer.namespaceKnown;
  return report(
    "namespace-not-allowed",
    { resource: route, pointer: parent.pointer },
    {
      message: bySelector
        ? `Listener "${chosen.spec.name}" of ${parent.title} allows routes from namespaces with ${wants}, which namespace ${namespace} does not have${known ? "" : "; the Namespace is not in the manifests, so its labels are unknown"}.`
        : `Listener "${chosen.spec.name}" of ${parent.title} allows routes from ${wants}, not from namespace ${namespace}.`,
      fix: bySelector
        ? `Add the label: kubectl label namespace ${namespace} ${wants}${known ? "" : ", or add the Namespace object with it to the manifests"}`
        : `Set allowedRoutes.namespaces.from: All (or Selector) on listener "${chosen.spec.name}", or move the route to namespace ${chosen.owner.metadata.namespace}.`,
      related: [refOf(parent.gateway.resource)],
    },
  );
}

function labelAssumed(listener: ListenerDraft, namespace: string, wants: string): Finding {
  const pointer = `${listener.pointer}/allowedRoutes/namespaces/selector`;
  return report(
    "namespace-label-assumed",
    { resource: listener.owner, pointer },
    {
      message: `Listener "${listener.spec.name}" allows routes from namespaces with ${wants}; namespace ${namespace} is not in the manifests and is assumed to have it.`,
      fix: `In the cluster: kubectl label namespace ${namespace} ${wants}`,
    },
  );
}

/** Hostnames of an attached route that get no requests: outside all its listeners, or inside one that another takes over. */
function findLostHostnames(route: Route, outcomes: readonly ParentOutcome[]): Finding[] {
  const attachments = outcomes.flatMap((outcome) =>
    outcome.attachments.map((attachment) => ({ ...attachment, outcome })),
  );
  if (attachments.length === 0) return [];
  const findings: Finding[] = [];
  routeHostnames(route).forEach((asked, index) => {
    if (attachments.some(({ listener }) => intersectHostnames(listener.hostname, asked) !== undefined)) return;
    const listeners = [...new Set(attachments.map(({ listener }) => `"${listener.spec.name}" (${listener.hostname})`))];
    findings.push(
      report(
        "hostname-partly-outside",
        { resource: route, pointer: `/spec/hostnames/${index}` },
        {
          message: `Hostname ${asked} matches no listener that the route is attached to: ${listeners.join(", ")}.`,
          fix: "Remove the hostname, or attach the route to a listener that matches it.",
        },
      ),
    );
  });
  const attached = new Set(attachments.map(({ listener }) => listener));
  for (const { listener, hostnames, outcome } of attachments) {
    if (listener.protocol === "TCP" || listener.protocol === "UDP") continue;
    const servable = servableListeners(outcome.parent.gateway).get(listener.spec.port);
    if (!servable || servable.size < 2) continue;
    for (const { hostname } of hostnames) {
      const rival = coveringHostnames(hostname)
        .map((wider) => servable.get(wider))
        .find((found) => found !== undefined);
      if (!rival || attached.has(rival) || rival.hostname === listener.hostname) continue;
      if (!patternCovers(listener.hostname, rival.hostname)) continue;
      findings.push(
        report(
          "hostname-other-listener",
          { resource: route, pointer: outcome.parent.pointer },
          {
            message: `Requests for ${hostname} on port ${listener.spec.port} go to ${listenerName(rival)} (${rival.hostname}), but the route is attached only to listener "${listener.spec.name}".`,
            fix: `Attach the route to listener "${rival.spec.name}" as well.`,
            related: [refOf(rival.owner)],
          },
        ),
      );
    }
  }
  return findings;
}

type ByHostname = Map<string, ListenerDraft>;
const servableByGateway = new WeakMap<CompiledGateway, ReadonlyMap<number, ByHostname>>();

/** Listeners that know hostnames, by port and then hostname: a request belongs to the most specific of its port. */
function servableListeners(gateway: CompiledGateway): ReadonlyMap<number, ByHostname> {
  const known = servableByGateway.get(gateway);
  if (known) return known;
  const byPort = new Map<number, ByHostname>();
  for (const listener of allListeners(gateway)) {
    if (listener.protocol === "TCP" || listener.protocol === "UDP" || !isServable(listener)) continue;
    const byHostname = byPort.get(listener.spec.port) ?? new Map();
    byPort.set(listener.spec.port, byHostname.set(listener.hostname, listener));
  }
  servableByGateway.set(gateway, byPort);
  return byPort;
}
