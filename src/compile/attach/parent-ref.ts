import type { Finding } from "../../finding/finding.ts";
import type { ParentRef } from "../../status/condition.ts";
import type { CompileContext, Route } from "../contract.ts";
import type { CompiledGateway, CompiledSet } from "../gateway/gateway.ts";
import { gatewayGroup, type ListenerDraft } from "../listener/listener.ts";
import { compareText } from "../order/by-name.ts";
import { groupSlip } from "../reference/group-slip.ts";
import { nearName } from "../reference/near-name.ts";
import { refOf, report } from "../report/report.ts";

/** A parent that a route names, or a default Gateway that it asks for. */
export type Parent = {
  readonly ref: ParentRef;
  /** JSON pointer of the reference in the route. */
  readonly pointer: string;
  readonly gateway: CompiledGateway;
  /** `Gateway infra/main`, as messages say it. */
  readonly title: string;
  /** Listeners of the parent itself that the reference's sectionName and port leave over. */
  readonly candidates: readonly ListenerDraft[];
  /** All listeners of the parent itself. */
  readonly listeners: readonly ListenerDraft[];
  /** Not written in parentRefs: it counts only when the route attaches. Spec: Gateway.spec.defaultScope (GEP-3793). */
  readonly implicit: boolean;
  /** The parent is a ListenerSet that its Gateway does not take. */
  readonly detached: boolean;
};

/** Our Gateways by `namespace/name`. */
export type GatewayIndex = {
  readonly gateways: ReadonlyMap<string, CompiledGateway>;
  /** Each ListenerSet of ours with its Gateway, by the set's `namespace/name`. */
  readonly sets: ReadonlyMap<string, { readonly gateway: CompiledGateway; readonly set: CompiledSet }>;
  readonly defaults: readonly CompiledGateway[];
};

type RouteParentRef = NonNullable<Route["spec"]["parentRefs"]>[number];

/** Makes the index that {@link resolveParents} looks things up in. */
export function indexGateways(gateways: readonly CompiledGateway[]): GatewayIndex {
  const sets = new Map<string, { readonly gateway: CompiledGateway; readonly set: CompiledSet }>();
  for (const gateway of gateways) {
    for (const set of gateway.sets) {
      sets.set(`${set.resource.metadata.namespace}/${set.resource.metadata.name}`, { gateway, set });
    }
  }
  return {
    gateways: new Map(gateways.map((gateway) => [gateway.key, gateway])),
    sets,
    defaults: gateways.filter(({ resource }) => resource.spec.defaultScope === "All"),
  };
}

/** The parents of a route that are ours, in the order of its parentRefs; default Gateways after them. Others' parents are theirs to judge. */
export function resolveParents(
  context: CompileContext,
  index: GatewayIndex,
  route: Route,
): { readonly parents: readonly Parent[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const parents: Parent[] = [];
  const refs = route.spec.parentRefs ?? [];
  refs.forEach((ref, place) => {
    const pointer = `/spec/parentRefs/${place}`;
    const parent = resolveParent(index, route, { ref, pointer });
    if (parent) parents.push(parent);
    else {
      const finding = explainMissing(context, index, { route, ref, pointer });
      if (finding) findings.push(finding);
    }
  });
  if (route.spec.useDefaultGateways === "All") {
    for (const gateway of index.defaults) {
      if (parents.some((parent) => parent.gateway === gateway && parent.title.startsWith("Gateway "))) continue;
      parents.push(implicitParent(gateway));
    }
  }
  if (refs.length === 0 && parents.length === 0) {
    findings.push(
      report(
        "route-without-parent",
        { resource: route, pointer: "/spec" },
        {
          message:
            route.spec.useDefaultGateways === "All"
              ? "The route uses default Gateways, but there is none (spec.defaultScope: All)."
              : "The route has no parentRefs, so no Gateway serves it.",
          fix: "Add parentRefs: [{name: <Gateway>}].",
        },
      ),
    );
  }
  return { parents, findings };
}

function resolveParent(
  index: GatewayIndex,
  route: Route,
  place: { readonly ref: RouteParentRef; readonly pointer: string },
): Parent | undefined {
  const { ref, pointer } = place;
  if (ref.group !== gatewayGroup) return undefined;
  const namespace = ref.namespace ?? route.metadata.namespace;
  const key = `${namespace}/${ref.name}`;
  const fits = (listener: ListenerDraft): boolean =>
    (ref.sectionName === undefined || listener.spec.name === ref.sectionName) &&
    (ref.port === undefined || listener.spec.port === ref.port);
  const common = { ref, pointer, title: `${ref.kind} ${key}`, implicit: false };
  if (ref.kind === "Gateway") {
    const gateway = index.gateways.get(key);
    if (!gateway) return undefined;
    const { listeners } = gateway;
    return { ...common, gateway, listeners, candidates: listeners.filter(fits), detached: false };
  }
  if (ref.kind !== "ListenerSet") return undefined;
  const found = index.sets.get(key);
  if (!found) return undefined;
  const { gateway, set } = found;
  // A set whose listeners all conflict may have routes all the same: they serve as soon as the conflict is gone.
  const detached = set.listeners.length === 0;
  return { ...common, gateway, listeners: set.listeners, candidates: set.listeners.filter(fits), detached };
}

function implicitParent(gateway: CompiledGateway): Parent {
  const { namespace, name } = gateway.resource.metadata;
  return {
    ref: { group: gatewayGroup, kind: "Gateway", namespace, name },
    pointer: "/spec/useDefaultGateways",
    gateway,
    title: `Gateway ${gateway.key}`,
    candidates: gateway.listeners,
    listeners: gateway.listeners,
    implicit: true,
    detached: false,
  };
}

/** Says why a parent is not ours; `undefined` when it is simply another controller's. */
function explainMissing(
  context: CompileContext,
  index: GatewayIndex,
  place: { readonly route: Route; readonly ref: RouteParentRef; readonly pointer: string },
): Finding | undefined {
  const { route, ref, pointer } = place;
  const at = { resource: route, pointer };
  const namespace = ref.namespace ?? route.metadata.namespace;
  if (ref.group !== gatewayGroup || (ref.kind !== "Gateway" && ref.kind !== "ListenerSet")) {
    const slip = groupSlip(ref, [`${gatewayGroup}/Gateway`, `${gatewayGroup}/ListenerSet`]);
    return report("parent-kind-unsupported", at, {
      message: `Parent ${ref.kind} ${ref.name} is not a Gateway or ListenerSet of the Gateway API${slip === undefined ? "" : `: ${slip.reason}`}. It is ignored.`,
      fix: slip?.fix ?? "No action needed for a service mesh; otherwise name a Gateway.",
    });
  }
  if (context.snapshot.get(ref.kind, namespace, ref.name)) return undefined;
  const all = [...context.snapshot.list(ref.kind)].sort((a, b) =>
    compareText(a.metadata.namespace, b.metadata.namespace),
  );
  const elsewhere = all.find(({ metadata }) => metadata.name === ref.name);
  const wanted = `${ref.kind} ${namespace}/${ref.name}`;
  if (elsewhere) {
    const there = elsewhere.metadata.namespace;
    return report("parent-missing", at, {
      message: `${wanted} does not exist; there is one in namespace ${there}.`,
      fix: `Write namespace: ${there} in the parentRef, and make sure that a listener there allows routes from namespace ${route.metadata.namespace} (allowedRoutes.namespaces).`,
      related: [refOf(elsewhere)],
    });
  }
  const names = all.filter(({ metadata }) => metadata.namespace === namespace).map(({ metadata }) => metadata.name);
  const near = nearName(ref.name, names);
  const otherKind =
    ref.kind === "Gateway"
      ? index.sets.has(`${namespace}/${ref.name}`)
      : index.gateways.has(`${namespace}/${ref.name}`);
  return report("parent-missing", at, {
    message: `${wanted} does not exist${near ? `; there is ${near}` : ""}.`,
    fix: near
      ? `Write name: ${near} in the parentRef.`
      : otherKind
        ? `Write kind: ${ref.kind === "Gateway" ? "ListenerSet" : "Gateway"} in the parentRef.`
        : `Add the ${ref.kind}, or name one that exists in the parentRef.`,
  });
}
