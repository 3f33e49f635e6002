import type { ResourcePath } from "../kube/kube-client.ts";

type KindPath = Pick<ResourcePath, "group" | "version" | "plural">;

/** Kinds of object that a data plane consists of, in the order in which they are made. */
export const managedKinds = {
  ServiceAccount: { group: "", version: "v1", plural: "serviceaccounts" },
  Secret: { group: "", version: "v1", plural: "secrets" },
  Service: { group: "", version: "v1", plural: "services" },
  NetworkPolicy: { group: "networking.k8s.io", version: "v1", plural: "networkpolicies" },
  Deployment: { group: "apps", version: "v1", plural: "deployments" },
  PodDisruptionBudget: { group: "policy", version: "v1", plural: "poddisruptionbudgets" },
  HorizontalPodAutoscaler: { group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers" },
} as const satisfies Readonly<Record<string, KindPath>>;

export type ManagedKind = keyof typeof managedKinds;

/** Kinds by name, for loops. */
export const managedKindNames = Object.keys(managedKinds) as readonly ManagedKind[];

/** Those that are made with these options; of the others nothing may be read. */
export function usedKinds({ networkPolicy }: { readonly networkPolicy: object | undefined }): readonly ManagedKind[] {
  return managedKindNames.filter((kind) => kind !== "NetworkPolicy" || networkPolicy !== undefined);
}

/** `apiVersion` of a kind. */
export function apiVersionOf(kind: ManagedKind): string {
  const { group, version } = managedKinds[kind];
  return group === "" ? version : `${group}/${version}`;
}
