import assert from "node:assert/strict";
import { test } from "node:test";
import { installObjects } from "../../src/install/manifests.ts";
import { type InstallOptions, initialOptions } from "../../src/install/options.ts";
import { permissions } from "../../src/install/rbac.ts";

type Rule = {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
};
type Role = {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
};

function rolesOf(changes: Partial<InstallOptions> = {}): readonly Role[] {
  const objects = installObjects({ ...initialOptions("1.2.3"), ...changes }, "1.2.3") as unknown as readonly Role[];
  return objects.filter(({ kind }) => kind === "ClusterRole" || kind === "Role");
}

/** `group/resource: verbs`, one line for each resource; with the names in brackets where it is about these alone. */
function linesOf(role: Role | undefined): readonly string[] {
  const verbs = new Map<string, Set<string>>();
  for (const rule of role?.rules ?? []) {
    const only = rule.resourceNames === undefined ? "" : `[${rule.resourceNames}]`;
    for (const resource of rule.apiGroups.flatMap((group) => rule.resources.map((name) => `${group}/${name}${only}`))) {
      verbs.set(resource, new Set([...(verbs.get(resource) ?? []), ...rule.verbs]));
    }
  }
  return [...verbs].map(([resource, allowed]) => `${resource}: ${[...allowed].sort().join(" ")}`).sort();
}

/** What may be allowed. A change here is a change of what Sluice may do in people's clusters. */
const clusterWide = [
  "/namespaces: get list watch",
  "apiextensions.k8s.io/customresourcedefinitions: get list watch",
  "certificates.k8s.io/clustertrustbundles: get list watch",
  "gateway.networking.k8s.io/gatewayclasses/status: patch",
  "gateway.networking.k8s.io/gatewayclasses: get list patch watch",
];

const watched = [
  "/configmaps: get list watch",
  "/secrets: get list watch",
  "/services: get list watch",
  "discovery.k8s.io/endpointslices: get list watch",
  "events.k8s.io/events: create get patch",
  "gateway.envoyproxy.io/backends/status: patch",
  "gateway.envoyproxy.io/backends: get list watch",
  "gateway.envoyproxy.io/backendtrafficpolicies/status: patch",
  "gateway.envoyproxy.io/backendtrafficpolicies: get list watch",
  "gateway.envoyproxy.io/clienttrafficpolicies/status: patch",
  "gateway.envoyproxy.io/clienttrafficpolicies: get list watch",
  "gateway.envoyproxy.io/envoyextensionpolicies/status: patch",
  "gateway.envoyproxy.io/envoyextensionpolicies: get list watch",
  "gateway.envoyproxy.io/httproutefilters: get list watch",
  "gateway.envoyproxy.io/securitypolicies/status: patch",
  "gateway.envoyproxy.io/securitypolicies: get list watch",
  "gateway.networking.k8s.io/backendtlspolicies/status: patch",
  "gateway.networking.k8s.io/backendtlspolicies: get list watch",
  "gateway.networking.k8s.io/gateways/status: patch",
  "gateway.networking.k8s.io/gateways: get list watch",
  "gateway.networking.k8s.io/grpcroutes/status: patch",
  "gateway.networking.k8s.io/grpcroutes: get list watch",
  "gateway.networking.k8s.io/httproutes/status: patch",
  "gateway.networking.k8s.io/httproutes: get list watch",
  "gateway.networking.k8s.io/listenersets/status: patch",
  "gateway.networking.k8s.io/listenersets: get list watch",
  "gateway.networking.k8s.io/referencegrants: get list watch",
  "gateway.networking.k8s.io/tcproutes/status: patch",
  "gateway.networking.k8s.io/tcproutes: get list watch",
  "gateway.networking.k8s.io/tlsroutes/status: patch",
  "gateway.networking.k8s.io/tlsroutes: get list watch",
  "gateway.networking.k8s.io/udproutes/status: patch",
  "gateway.networking.k8s.io/udproutes: get list watch",
  "gateway.networking.x-k8s.io/xbackends/status: patch",
  "gateway.networking.x-k8s.io/xbackends: get list watch",
  "gateway.networking.x-k8s.io/xbackendtrafficpolicies/status: patch",
  "gateway.networking.x-k8s.io/xbackendtrafficpolicies: get list watch",
  "gateway.networking.x-k8s.io/xtelemetrypolicies/status: patch",
  "gateway.networking.x-k8s.io/xtelemetrypolicies: get list watch",
  "gateway.sluice.dev/backends/status: patch",
  "gateway.sluice.dev/backends: get list watch",
  "gateway.sluice.dev/backendtrafficpolicies/status: patch",
  "gateway.sluice.dev/backendtrafficpolicies: get list watch",
  "gateway.sluice.dev/clienttrafficpolicies/status: patch",
  "gateway.sluice.dev/clienttrafficpolicies: get list watch",
  "gateway.sluice.dev/extensionpolicies/status: patch",
  "gateway.sluice.dev/extensionpolicies: get list watch",
  "gateway.sluice.dev/gatewayconfigs: get list watch",
  "gateway.sluice.dev/httproutefilters: get list watch",
  "gateway.sluice.dev/securitypolicies/status: patch",
  "gateway.sluice.dev/securitypolicies: get list watch",
  "traefik.io/middlewares: get list watch",
];

/** Where data planes are provisioned. */
const planes = [
  "/secrets: create delete patch",
  "/serviceaccounts: create delete get list patch watch",
  "/services: create delete patch",
  "apps/deployments: create delete get list patch watch",
  "autoscaling/horizontalpodautoscalers: create delete get list patch watch",
  "policy/poddisruptionbudgets: create delete get list patch watch",
];

/** Shared data planes, where the controller reads nothing else. */
const shared = [
  "/secrets: create delete get list patch watch",
  "/serviceaccounts: create delete get list patch watch",
  "/services: create delete get list patch watch",
  "apps/deployments: create delete get list patch watch",
  "autoscaling/horizontalpodautoscalers: create delete get list patch watch",
  "policy/poddisruptionbudgets: create delete get list patch watch",
];

const own = [
  "/secrets: create",
  "/secrets[sluice-stream-authority]: get update",
  "coordination.k8s.io/leases: create",
  "coordination.k8s.io/leases[sluice-controller]: get update",
];

const policies = "networking.k8s.io/networkpolicies: create delete get list patch watch";

test("the roles of an installation allow what the list allows, and no more", () => {
  const roles = rolesOf();
  const named = (name: string) => linesOf(roles.find(({ metadata }) => metadata.name === name));
  assert.deepEqual(named("sluice-controller-sluice-system"), clusterWide);
  assert.deepEqual(named("sluice-controller-watch-sluice-system"), watched);
  assert.deepEqual(named("sluice-controller-planes-sluice-system"), planes);
  assert.deepEqual(named("sluice-controller"), own);
  assert.equal(roles.length, 4);
});

test("with plane embedded, nothing but statuses and Events is written outside of the controller's namespace", () => {
  for (const watchNamespaces of [[], ["shop"]]) {
    const roles = rolesOf({ plane: "embedded", watchNamespaces });
    const abroad = roles.filter(({ metadata }) => metadata.namespace !== "sluice-system");
    const writes = abroad.flatMap(linesOf).filter((line) => /create|patch|update|delete/.test(line));
    const allowed = /^events\.k8s\.io\/events:|\/status: patch$|\/gatewayclasses: get list patch watch$/;
    assert.deepEqual(
      writes.filter((line) => !allowed.test(line)),
      [],
    );
    assert.deepEqual(roles.filter(({ metadata }) => metadata.namespace === "sluice-system").map(linesOf), [own]);
  }
});

test("with watchNamespaces, there is a Role in each and no ClusterRole on anything that has a namespace", () => {
  const roles = rolesOf({ watchNamespaces: ["shop", "blog"] });
  const clusterRoles = roles.filter(({ kind }) => kind === "ClusterRole");
  assert.deepEqual(clusterRoles.map(linesOf), [clusterWide]);
  assert.ok(!JSON.stringify(clusterRoles).includes("secrets"));
  for (const namespace of ["shop", "blog"]) {
    const inNamespace = roles.filter((role) => role.metadata.namespace === namespace);
    assert.deepEqual(inNamespace.map(linesOf), [watched, planes]);
  }
  assert.deepEqual(roles.filter((role) => role.metadata.namespace === "default").map(linesOf), [
    ["events.k8s.io/events: create get patch"],
  ]);
  const atHome = roles.filter((role) => role.metadata.namespace === "sluice-system");
  assert.deepEqual(atHome.map(linesOf), [shared, own]);
  assert.equal(roles.length, 8);
});

test("with dataPlaneNamespaces, data planes are made nowhere else, whatever is watched", () => {
  const dataPlaneNamespaces = ["edge", "dmz"];
  for (const watchNamespaces of [[], ["edge", "dmz", "shop"]]) {
    const roles = rolesOf({ dataPlaneNamespaces, watchNamespaces });
    const writing = roles.filter((role) => linesOf(role).some((line) => /deployments.*create/.test(line)));
    assert.deepEqual(
      writing.map(({ kind, metadata }) => `${kind} ${metadata.namespace}`),
      ["Role edge", "Role dmz", "Role sluice-system"],
    );
    for (const role of writing) assert.deepEqual(linesOf(role), shared);
  }
  assert.ok(!JSON.stringify(rolesOf({ dataPlaneNamespaces, plane: "embedded" })).includes("deployments"));
});

test("Ingresses are read, and their statuses written, only where classes of them are served", () => {
  const about = (changes: Partial<InstallOptions>) =>
    rolesOf(changes)
      .flatMap((role) => linesOf(role))
      .filter((line) => /\/ingress/.test(line));
  assert.deepEqual(about({}), []);
  assert.deepEqual(about({ "ingress.classes": ["nginx"] }).sort(), [
    "networking.k8s.io/ingressclasses: get list watch",
    "networking.k8s.io/ingresses/status: patch",
    "networking.k8s.io/ingresses: get list watch",
  ]);
});

test("NetworkPolicies may be written only where they are asked for", () => {
  const roles = rolesOf({ "networkPolicy.create": true });
  const withPolicies = roles.map(linesOf).filter((lines) => lines.includes(policies));
  assert.deepEqual(withPolicies, [[...planes, policies].sort()]);
  assert.ok(!rolesOf().flatMap(linesOf).includes(policies));
});

test("no permission is a wildcard, raises permissions, or lacks its reason", () => {
  for (const { group, resources, verbs, why } of permissions) {
    for (const word of [group, ...resources, ...verbs]) assert.ok(!word.includes("*"), word);
    for (const verb of verbs) assert.match(verb, /^(get|list|watch|create|update|patch|delete)$/);
    for (const resource of resources)
      assert.doesNotMatch(resource, /^(pods|nodes|roles|clusterroles)|token|exec|proxy|binding/);
    assert.ok(why.length > 10);
  }
});

test("every role is bound to the controller's account, and to nothing else", () => {
  const objects = installObjects(
    { ...initialOptions("1.2.3"), watchNamespaces: ["shop"] },
    "1.2.3",
  ) as unknown as readonly (Role & {
    readonly roleRef?: { readonly name: string; readonly kind: string };
    readonly subjects?: readonly unknown[];
  })[];
  const place = ({ metadata }: Role) => `${metadata.namespace ?? ""}/${metadata.name}`;
  const bindings = objects.filter(({ roleRef }) => roleRef !== undefined);
  const bound = bindings.map(
    (binding) => `${binding.roleRef?.kind} ${binding.metadata.namespace ?? ""}/${binding.roleRef?.name}`,
  );
  const roles = rolesOf({ watchNamespaces: ["shop"] }).map((role) => `${role.kind} ${place(role)}`);
  assert.deepEqual(bound.sort(), [...roles].sort());
  for (const { subjects } of bindings)
    assert.deepEqual(subjects, [{ kind: "ServiceAccount", name: "sluice-controller", namespace: "sluice-system" }]);
});
