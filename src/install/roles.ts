import { controllerName, objectMeta } from "./names.ts";
import { policyRules, type RbacScope } from "./rbac.ts";
import { each, either, type Hole, isSet, isValue, itemOf, type Node, not, option, text, when } from "./template.ts";

const rbacGroup = "rbac.authorization.k8s.io";
const account = { kind: "ServiceAccount", name: controllerName, namespace: option("namespace") };

/** Names of objects without namespace tell two installations in one cluster apart. */
const clusterName: Hole = text`${controllerName}-${option("namespace")}`;
const watchedName: Hole = text`${controllerName}-watch-${option("namespace")}`;
const planesName: Hole = text`${controllerName}-planes-${option("namespace")}`;
const sharedName: Hole = text`${controllerName}-shared-${option("namespace")}`;
const eventsName: Hole = text`${controllerName}-events-${option("namespace")}`;

const watched = itemOf("watchNamespaces");

const placed = itemOf("dataPlaneNamespaces");

const namespaced = isSet("watchNamespaces");
const isPlaced = isSet("dataPlaneNamespaces");
const provisioned = not(isValue("plane", "embedded"));

/** The roles of the controller, each with its binding. */
export function roles(version: string): readonly Node[] {
  const own = { namespace: option("namespace") };
  return [
    ...everywhere(version, clusterName, "cluster"),
    ...everywhere(version, watchedName, "watched").map((node) => when(not(namespaced), node)),
    ...everywhere(version, planesName, "planes").map((node) =>
      when(not(namespaced), when(not(isPlaced), when(provisioned, node))),
    ),
    ...inNamespace(version, { name: watchedName, namespace: watched }, "watched").map((node) =>
      each("watchNamespaces", node),
    ),
    ...inNamespace(version, { name: planesName, namespace: watched }, "planes").map((node) =>
      when(provisioned, when(not(isPlaced), each("watchNamespaces", node))),
    ),
    ...inNamespace(version, { name: planesName, namespace: placed }, "shared").map((node) =>
      when(provisioned, each("dataPlaneNamespaces", node)),
    ),
    ...inNamespace(version, { name: eventsName, namespace: "default" }, "default").map((node) =>
      when(namespaced, node),
    ),
    // Data planes that several Gateways share run in the controller's namespace, also where no Gateway may be.
    ...inNamespace(version, { name: sharedName, ...own }, "shared").map((node) =>
      when(either(namespaced, isPlaced), when(provisioned, node)),
    ),
    ...inNamespace(version, { name: controllerName, ...own }, "own"),
  ];
}

function everywhere(version: string, name: Hole, scope: RbacScope): readonly Node[] {
  return [clusterRole(version, name, policyRules(scope)), clusterBinding(version, name)];
}

function inNamespace(version: string, place: Place, scope: RbacScope): readonly Node[] {
  return [role(version, { ...place, rules: policyRules(scope) }), binding(version, place)];
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
