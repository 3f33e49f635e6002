import type { Finding } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import type { CompileContext } from "../contract.ts";
import { compareAge } from "../order/age.ts";
import { nearName } from "../reference/near-name.ts";
import { refOf, report } from "../report/report.ts";
import { gatewayGroup } from "./listener.ts";
import { namespaceAllowed } from "./namespace-selector.ts";

export type ListenerSet = Resource<"ListenerSet">;

/** A ListenerSet that names one of our Gateways. `allowed`: its listeners are merged into the Gateway's. */
export type CandidateSet = {
  readonly set: ListenerSet;
  readonly allowed: boolean;
  readonly findings: readonly Finding[];
};

/** The ListenerSets that name a Gateway, in order of precedence: oldest first, then by namespace/name. Spec: ListenerSetSpec. */
export function setsOf(context: CompileContext, gateway: Resource<"Gateway">): readonly CandidateSet[] {
  return context.snapshot
    .list("ListenerSet")
    .filter((set) => isParent(set, gateway))
    .sort(compareAge)
    .map((set) => {
      const findings = checkAllowed(context, gateway, set);
      return { set, findings, allowed: !findings.some(({ name }) => name === "listener-set-not-allowed") };
    });
}

/** Findings for ListenerSets whose Gateway is not there at all. */
export function orphanedSets(context: CompileContext): Finding[] {
  const gateways = context.snapshot.list("Gateway");
  return context.snapshot.list("ListenerSet").flatMap((set) => {
    const { parentRef } = set.spec;
    const namespace = parentRef.namespace ?? set.metadata.namespace;
    if (parentRef.group === gatewayGroup && parentRef.kind === "Gateway") {
      if (context.snapshot.get("Gateway", namespace, parentRef.name)) return [];
    }
    const elsewhere = gateways.find((gateway) => gateway.metadata.name === parentRef.name);
    const inPlace = gateways.filter((gateway) => gateway.metadata.namespace === namespace);
    const near = nearName(
      parentRef.name,
      inPlace.map(({ metadata }) => metadata.name),
    );
    return report(
      "listener-set-parent-missing",
      { resource: set, pointer: "/spec/parentRef" },
      {
        message: `ListenerSet ${set.metadata.namespace}/${set.metadata.name} names ${parentRef.kind} ${namespace}/${parentRef.name}, which does not exist${elsewhere ? `; there is one in namespace ${elsewhere.metadata.namespace}` : ""}.`,
        fix: elsewhere
          ? `Write namespace: ${elsewhere.metadata.namespace} in spec.parentRef.`
          : near
            ? `Write name: ${near} in spec.parentRef.`
            : "Correct spec.parentRef, or add the Gateway.",
      },
    );
  });
}

function isParent(set: ListenerSet, gateway: Resource<"Gateway">): boolean {
  const { group, kind, namespace, name } = set.spec.parentRef;
  return (
    group === gatewayGroup &&
    kind === "Gateway" &&
    name === gateway.metadata.name &&
    (namespace ?? set.metadata.namespace) === gateway.metadata.namespace
  );
}

function checkAllowed(context: CompileContext, gateway: Resource<"Gateway">, set: ListenerSet): Finding[] {
  const rule = gateway.spec.allowedListeners?.namespaces ?? { from: "None" as const };
  const { namespace } = set.metadata;
  const answer = namespaceAllowed(context, rule, { home: gateway.metadata.namespace, namespace });
  if (answer.answer === "allowed") return [];
  const owner = `Gateway ${gateway.metadata.namespace}/${gateway.metadata.name}`;
  const related = [refOf(gateway)];
  if (answer.answer === "assumed") {
    return [
      report(
        "namespace-label-assumed",
        { resource: gateway, pointer: "/spec/allowedListeners/namespaces/selector" },
        {
          message: `${owner} allows listeners from namespaces with ${answer.wants}; namespace ${namespace} is not in the manifests and is assumed to have it.`,
          fix: `In the cluster: kubectl label namespace ${namespace} ${answer.wants}`,
          related: [refOf(set)],
        },
      ),
    ];
  }
  const unlabelled = rule.from === "Selector" && rule.selector !== undefined;
  const unknown = answer.namespaceKnown ? "" : ", and the Namespace is not in the manifests";
  return [
    report(
      "listener-set-not-allowed",
      { resource: set, pointer: "/spec/parentRef" },
      {
        message: unlabelled
          ? `${owner} allows listeners from namespaces with ${answer.wants}, which namespace ${namespace} does not have${unknown}.`
          : `${owner} allows listeners from ${answer.wants}.`,
        fix: unlabelled
          ? `Add the label: kubectl label namespace ${namespace} ${answer.wants}${answer.namespaceKnown ? "" : ", or add the Namespace object with it"}`
          : `On ${owner}, set spec.allowedListeners.namespaces.from to ${namespace === gateway.metadata.namespace ? "Same" : "All, or to Selector with a selector for that namespace"}.`,
        related,
      },
    ),
  ];
}
