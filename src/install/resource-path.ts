import type { JsonObject } from "../resource/json.ts";
import { kinds } from "../resource/kinds.ts";

/** Where an object of the installation lives in the API. */
export type InstalledPath = {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name: string;
};

type KindPath = Pick<InstalledPath, "group" | "version" | "plural">;

const rbac = { group: "rbac.authorization.k8s.io", version: "v1" } as const;

const admission = { group: "admissionregistration.k8s.io", version: "v1" } as const;

/** Kinds that an installation consists of, in the order in which they are applied. */
export const installedKinds = {
  Namespace: { group: "", version: "v1", plural: "namespaces" },
  CustomResourceDefinition: { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" },
  ServiceAccount: { group: "", version: "v1", plural: "serviceaccounts" },
  ClusterRole: { ...rbac, plural: "clusterroles" },
  ClusterRoleBinding: { ...rbac, plural: "clusterrolebindings" },
  Role: { ...rbac, plural: "roles" },
  RoleBinding: { ...rbac, plural: "rolebindings" },
  ValidatingAdmissionPolicy: { ...admission, plural: "validatingadmissionpolicies" },
  ValidatingAdmissionPolicyBinding: { ...admission, plural: "validatingadmissionpolicybindings" },
  Service: { group: "", version: "v1", plural: "services" },
  Deployment: { group: "apps", version: "v1", plural: "deployments" },
  PodDisruptionBudget: { group: "policy", version: "v1", plural: "poddisruptionbudgets" },
  NetworkPolicy: { group: "networking.k8s.io", version: "v1", plural: "networkpolicies" },
  GatewayClass: {
    group: kinds.GatewayClass.group,
    version: kinds.GatewayClass.version,
    plural: kinds.GatewayClass.plural,
  },
} as const satisfies Readonly<Record<string, KindPath>>;

export type InstalledKind = keyof typeof installedKinds;

/** Kinds by name, for loops. */
export const installedKindNames = Object.keys(installedKinds) as readonly InstalledKind[];

/** Throws on a kind that no installation has. */
export function installedPath(object: JsonObject): InstalledPath {
  const kind = String(object["kind"]);
  if (!Object.hasOwn(installedKinds, kind)) throw new TypeError(`no installation has a ${kind}`);
  const { name, namespace } = object["metadata"] as { readonly name: string; readonly namespace?: string };
  return { ...installedKinds[kind as InstalledKind], ...(namespace === undefined ? {} : { namespace }), name };
}

/** `Kind namespace/name`, as people are told of an object. */
export function printInstalled(object: JsonObject): string {
  const { namespace, name } = object["metadata"] as { readonly name: string; readonly namespace?: string };
  return `${String(object["kind"])} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}
