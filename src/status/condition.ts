import type { ObjectRef } from "../finding/finding.ts";

/** A condition without its transition time, which only `merge` knows. Spec: metav1.Condition. */
export type Condition = {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
};

/** A condition that has been merged with what stood before. `lastTransitionTime` is RFC 3339, in UTC. */
export type TimedCondition = Condition & { readonly lastTransitionTime: string };

export type RouteGroupKind = { readonly group: string; readonly kind: string };

export type ListenerStatus<C extends Condition = Condition> = {
  readonly name: string;
  readonly supportedKinds: readonly RouteGroupKind[];
  readonly attachedRoutes: number;
  readonly conditions: readonly C[];
};

/** As written in the route; only the fields that the user set, so that writers can match entries. */
export type ParentRef = {
  readonly group?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly sectionName?: string;
  readonly port?: number;
};

/** One status per kind of status in the API. `kind` here is the shape, not the object's kind. */
export type StatusBody<C extends Condition = Condition> =
  | { readonly shape: "gatewayClass"; readonly conditions: readonly C[]; readonly supportedFeatures: readonly string[] }
  | {
      readonly shape: "gateway";
      readonly conditions: readonly C[];
      readonly listeners: readonly ListenerStatus<C>[];
      readonly attachedListenerSets: number;
      /** `routability` where the installed API has it (GEP-5093). */
      readonly addresses: readonly { readonly type: string; readonly value: string; readonly routability?: string }[];
    }
  | {
      readonly shape: "listenerSet";
      readonly conditions: readonly C[];
      readonly listeners: readonly ListenerStatus<C>[];
    }
  | { readonly shape: "backend"; readonly conditions: readonly C[] }
  /** `servedBy`: whose addresses are the Ingress's, by Gateway key. Spec: IngressStatus.loadBalancer. */
  | { readonly shape: "ingress"; readonly servedBy: string; readonly addresses: readonly string[] }
  | {
      readonly shape: "route";
      readonly parents: readonly { readonly parentRef: ParentRef; readonly conditions: readonly C[] }[];
    }
  | {
      readonly shape: "policy";
      readonly ancestors: readonly { readonly ancestorRef: ParentRef; readonly conditions: readonly C[] }[];
    };

/** What the compiler concluded about one object. */
export type ObjectStatus<C extends Condition = Condition> = {
  readonly ref: ObjectRef;
  readonly generation: number;
  readonly body: StatusBody<C>;
};

/** Sorted by kind, namespace, name. */
export type CompiledStatus = readonly ObjectStatus[];

/** What stands in the statuses after a turn: the compiler's conclusions joined with the data plane's report. */
export type MergedStatus = readonly ObjectStatus<TimedCondition>[];
