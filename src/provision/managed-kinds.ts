import type { ResourcePath } from "../kube/kube-client.ts";

type KindPath = Pick<ResourcePath, "group" | "version" | "plural">;

/** Kinds of object that a data plane consists of, in the order in which they are made. */
export const managedKinds = {
  ServiceAccount: { group: "", version: "v1", plural: "serviceaccounts" },
  Secret: { group: "", version: "v1", plural: "secrets" },
  Service: { group: "", version: "v1", plural: "services" },
  Deployment: { group: "apps", version: "v1", plural: "deployments" },
  PodDisruptionBudget: { group: "policy", version: "v1", plural: "poddisruptionbudgets" },
  HorizontalPodAutoscaler: { group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers" },
} as const satisfies Readonly<Record<string, KindPath>>;

export type ManagedKind = keyof typeof managedKinds;

/** Kinds by name, for loops. */
export const managedKindNames = Object.keys(managedKinds) as readonly ManagedKind[];

/** `apiVersion` of a kind. */
export function apiVersionOf(kind: ManagedKind): string {
  const { group, version } = managedKinds[kind];
  return group === "" ? version : `${group}/${version}`;
}
