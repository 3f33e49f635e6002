import type { JsonObject } from "../resource/json.ts";

/** Where an object of the installation lives in the API. */
export type InstalledPath = {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name: string;
};

/** Plurals of the kinds that an installation consists of. */
const plurals: Readonly<Record<string, string>> = {
  Namespace: "namespaces",
  CustomResourceDefinition: "customresourcedefinitions",
  ServiceAccount: "serviceaccounts",
  ClusterRole: "clusterroles",
  ClusterRoleBinding: "clusterrolebindings",
  Role: "roles",
  RoleBinding: "rolebindings",
  Service: "services",
  Deployment: "deployments",
  PodDisruptionBudget: "poddisruptionbudgets",
  NetworkPolicy: "networkpolicies",
  GatewayClass: "gatewayclasses",
};

/** Throws on a kind that no installation has. */
export function installedPath(object: JsonObject): InstalledPath {
  const [apiVersion, kind] = [String(object["apiVersion"]), String(object["kind"])];
  const plural = plurals[kind];
  if (plural === undefined) throw new TypeError(`no installation has a ${kind}`);
  const { name, namespace } = object["metadata"] as { readonly name: string; readonly namespace?: string };
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  return { group, version, plural, ...(namespace === undefined ? {} : { namespace }), name };
}
