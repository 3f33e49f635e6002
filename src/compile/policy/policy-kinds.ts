/** THE table of policy kinds: what each may be attached to, and how several of one kind come together. */
import type { Kind, Resource } from "../../resource/kinds.ts";
import type { ListKeys } from "./merge-specs.ts";

type KindsWith<Field extends string> = {
  [K in Kind]: Resource<K> extends { readonly spec: infer Spec } ? (Field extends keyof Spec ? K : never) : never;
}[Kind];

/** Kinds whose objects name what they apply to. A kind without a row in {@link policyKinds} is a type error. */
export type PolicyKind = KindsWith<"targetRefs">;

/** Kinds of which the most specific policy is in force, alone or merged over the less specific ones. */
export type InheritedKind = KindsWith<"targetSelectors">;

/** Kinds of which one policy is in force for a target, and no other target has a part in it. */
export type DirectKind = Exclude<PolicyKind, InheritedKind>;

/** Any policy. */
export type Policy = Resource<PolicyKind>;

/** What a `sectionName` names inside a target; `none`: there may be no sectionName. */
export type Section = "none" | "port" | "listener" | "rule";

/** One kind of object that policies of a kind may target. */
export type TargetRow = { readonly group: string; readonly kind: Kind; readonly section: Section };

/** A kind of {@link DirectKind}. `appliesTo`: connections to a backend, or the spans of a Gateway. */
export type DirectRow = { readonly targets: readonly TargetRow[]; readonly appliesTo: "cluster" | "tracing" };

/** A kind of {@link InheritedKind}. */
export type InheritedRow = {
  readonly targets: readonly TargetRow[];
  readonly appliesTo: "listener" | "rule";
  /** For `mergeType: StrategicMerge`; as in Envoy Gateway, where the other lists are replaced. */
  readonly listKeys: ListKeys;
  /** What requests get where a policy in force has a field that is not served and keeps something out: 500, or what they get without it. */
  readonly unserved: "refused" | "leftOut";
};

const gatewayApi = "gateway.networking.k8s.io";
const experimental = "gateway.networking.x-k8s.io";

const listeners = [
  { group: gatewayApi, kind: "Gateway", section: "listener" },
  { group: gatewayApi, kind: "ListenerSet", section: "listener" },
] as const;
const namespaces = { group: "", kind: "Namespace", section: "none" } as const;
const route = <K extends Kind>(kind: K) => ({ group: gatewayApi, kind, section: "rule" }) as const;
const allRoutes = [
  route("HTTPRoute"),
  route("GRPCRoute"),
  route("TLSRoute"),
  route("TCPRoute"),
  route("UDPRoute"),
] as const;

/** By name, in the order in which their statuses are made. */
export const directKinds = {
  BackendTLSPolicy: { targets: [{ group: "", kind: "Service", section: "port" }], appliesTo: "cluster" },
  XBackendTrafficPolicy: {
    targets: [
      { group: "", kind: "Service", section: "none" },
      { group: experimental, kind: "XBackend", section: "none" },
    ],
    appliesTo: "cluster",
  },
  XTelemetryPolicy: { targets: [{ group: gatewayApi, kind: "Gateway", section: "none" }], appliesTo: "tracing" },
} as const satisfies { readonly [K in DirectKind]: DirectRow };

/** By name, in the order in which their statuses are made. */
export const inheritedKinds = {
  ClientTrafficPolicy: { targets: listeners, appliesTo: "listener", listKeys: {}, unserved: "refused" },
  SecurityPolicy: {
    targets: [...listeners, namespaces, route("HTTPRoute"), route("GRPCRoute"), route("TCPRoute")],
    appliesTo: "rule",
    listKeys: {},
    unserved: "refused",
  },
  BackendTrafficPolicy: {
    targets: [...listeners, namespaces, ...allRoutes],
    appliesTo: "rule",
    // Rules of rate limits have no names, so that a policy's own follow those of its parent.
    listKeys: {
      "/compression": "type",
      "/compressor": "type",
      "/rateLimit/global/rules": "name",
      "/rateLimit/local/rules": "name",
    },
    unserved: "leftOut",
  },
  ExtensionPolicy: {
    targets: [...listeners, namespaces, ...allRoutes],
    appliesTo: "rule",
    listKeys: {},
    unserved: "leftOut",
  },
} as const satisfies { readonly [K in InheritedKind]: InheritedRow };

/** Every kind of policy. */
export const policyKinds: { readonly [K in PolicyKind]: DirectRow | InheritedRow } = {
  ...directKinds,
  ...inheritedKinds,
};

/** The kinds' names, for loops. */
export const directKindNames = Object.keys(directKinds) as readonly DirectKind[];
export const inheritedKindNames = Object.keys(inheritedKinds) as readonly InheritedKind[];
export const policyKindNames: readonly PolicyKind[] = [...directKindNames, ...inheritedKindNames];
