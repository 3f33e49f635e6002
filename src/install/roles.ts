import { controllerName, objectMeta } from "./names.ts";
import { policyRules } from "./rbac.ts";
import { each, type Hole, isSet, itemOf, type Node, not, option, text, when } from "./template.ts";

const rbacGroup = "rbac.authorization.k8s.io";
const account = { kind: "ServiceAccount", name: controllerName, namespace: option("namespace") };

/** Names of objects without namespace tell two installations in one cluster apart. */
const clusterName: Hole = text`${controllerName}-${option("namespace")}`;
const watchedName: Hole = text`${controllerName}-watch-${option("namespace")}`;
const eventsName: Hole = text`${controllerName}-events-${option("namespace")}`;

const watched = itemOf("watchNamespaces");

/** The roles of the controller, each with its binding. */
export function roles(version: string): readonly Node[] {
  return [
    clusterRole(version, clusterName, policyRules("cluster")),
    clusterBinding(version, clusterName),
    when(not(isSet("watchNamespaces")), clusterRole(version, watchedName, policyRules("watched"))),
    when(not(isSet("watchNamespaces")), clusterBinding(version, watchedName)),
    each("watchNamespaces", role(version, { name: watchedName, namespace: watched, rules: policyRules("watched") })),
    each("watchNamespaces", binding(version, { name: watchedName, namespace: watched })),
    when(
      isSet("watchNamespaces"),
      role(version, { name: eventsName, namespace: "default", rules: policyRules("default") }),
    ),
    when(isSet("watchNamespaces"), binding(version, { name: eventsName, namespace: "default" })),
    role(version, { name: controllerName, namespace: option("namespace"), rules: policyRules("own") }),
    binding(version, { name: controllerName, namespace: option("namespace") }),
  ];
}

function clusterRole(version: string, name: Hole, rules: Node): Node {
  return { apiVersion: `${rbacGroup}/v1`, kind: "ClusterRole", metadata: objectMeta(version, { name }), rules };
}

function clusterBinding(version: string, name: Hole): Node {
  return {
    apiVersion: `${rbacGroup}/v1`,
    kind: "ClusterRoleBinding",
    metadata: objectMeta(version, { name }),
    roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name },
    subjects: [account],
  };
}

type Place = { readonly name: Node; readonly namespace: Node };

function role(version: string, { name, namespace, rules }: Place & { readonly rules: Node }): Node {
  return { apiVersion: `${rbacGroup}/v1`, kind: "Role", metadata: objectMeta(version, { name, namespace }), rules };
}

function binding(version: string, { name, namespace }: Place): Node {
  return {
    apiVersion: `${rbacGroup}/v1`,
    kind: "RoleBinding",
    metadata: objectMeta(version, { name, namespace }),
    roleRef: { apiGroup: rbacGroup, kind: "Role", name },
    subjects: [account],
  };
}
