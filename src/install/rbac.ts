/** What the controller may do in a cluster, and why: the whole of it, in one table. The manifests, the docs and a test read it. */
import { type Kind, type KindRow, kindNames, kinds } from "../resource/kinds.ts";
import { authoritySecret, leaseName } from "./names.ts";
import type { OptionName } from "./options.ts";
import { isSet, type Node, when } from "./template.ts";

/**
 * `cluster`: on objects without namespace. `watched`: in every namespace that is read: a ClusterRole, or with
 * `watchNamespaces` a Role in each. `planes`: there too, where data planes are provisioned. `shared`: the same where nothing
 * else may be read: in each of the `dataPlaneNamespaces`, instead of `planes`, and with these or `watchNamespaces` in the
 * controller's. `own`: in the controller's namespace, always. `default`: in the namespace of that name, which every cluster has.
 */
export type RbacScope = "cluster" | "watched" | "planes" | "shared" | "own" | "default";

export type Permission = {
  readonly scope: RbacScope;
  readonly group: string;
  /** Plurals, with the subresource behind a slash. */
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** On objects of these names alone. Of `create`, which names no object yet, Kubernetes cannot say so. */
  readonly names?: readonly string[];
  /** Only where this option is on, or has something in it. */
  readonly onlyWith?: OptionName;
  readonly why: string;
};

const read = ["get", "list", "watch"] as const;
/** Server-side apply is a patch, and a creation when there is nothing yet. */
const provision = ["create", "patch", "delete"] as const;

/** The option that has kinds read which are not read otherwise. */
const optional: Readonly<Record<string, OptionName>> = { Ingress: "ingress.classes", IngressClass: "ingress.classes" };

const gatewayApiGroups: Readonly<Record<string, string>> = {
  "gateway.networking.k8s.io": "The Gateways, routes, policies and grants that are served.",
  "gateway.networking.x-k8s.io": "The experimental kinds of the Gateway API.",
  "traefik.io": "Middlewares written for Traefik, where its kinds are installed.",
  "gateway.envoyproxy.io": "Policies, filters and Backends written for Envoy Gateway, where its kinds are installed.",
};

const readReasons: Readonly<Record<string, string>> = {
  "cluster gateway.networking.k8s.io": "GatewayClasses with the controllerName of this installation.",
  "cluster ": "Labels of namespaces, which listeners select routes by.",
  "cluster certificates.k8s.io": "CA certificates that Gateways and policies refer to.",
  "cluster networking.k8s.io": "IngressClasses, which say whose an Ingress is.",
  "watched networking.k8s.io": "The Ingresses of `ingress.classes`.",
  "cluster apiextensions.k8s.io": "The installed kinds and release of the Gateway API.",
  "watched ":
    "Services that routes send to; Secrets (of type kubernetes.io/tls, and others by name) and ConfigMaps that Gateways, routes and policies refer to.",
  "watched discovery.k8s.io": "Endpoint addresses of Services.",
};

/** Every permission of the controller. */
export const permissions: readonly Permission[] = [
  ...readPermissions(),
  ...statusPermissions(),
  {
    scope: "cluster",
    group: "gateway.networking.k8s.io",
    resources: ["gatewayclasses"],
    verbs: ["patch"],
    why: "The finalizer that keeps a GatewayClass while Gateways use it, and the annotation with the installation that serves its controllerName. Nothing else of a class is written.",
  },
  ...managed("planes"),
  ...managed("shared"),
  {
    scope: "watched",
    group: "events.k8s.io",
    resources: ["events"],
    verbs: ["get", "create", "patch"],
    why: "Events for Gateways and routes, shown by `kubectl describe`.",
  },
  {
    scope: "default",
    group: "events.k8s.io",
    resources: ["events"],
    verbs: ["get", "create", "patch"],
    why: "Events for GatewayClasses: those of cluster-scoped objects are in `default`.",
  },
  {
    scope: "own",
    group: "coordination.k8s.io",
    resources: ["leases"],
    verbs: ["get", "update"],
    names: [leaseName],
    why: "Election of the replica that writes statuses and creates data planes.",
  },
  {
    scope: "own",
    group: "coordination.k8s.io",
    resources: ["leases"],
    verbs: ["create"],
    why: "Creating that Lease.",
  },
  {
    scope: "own",
    group: "",
    resources: ["secrets"],
    verbs: ["get", "update"],
    names: [authoritySecret.name],
    why: "The CA for the stream between controller and data planes.",
  },
  { scope: "own", group: "", resources: ["secrets"], verbs: ["create"], why: "Creating that Secret." },
];

/** The permissions of a scope. */
export function permissionsOf(scope: RbacScope): readonly Permission[] {
  return permissions.filter((permission) => permission.scope === scope);
}

/** As the rules of a role: one for each permission, in the order of the table. */
export function policyRules(scope: RbacScope): readonly Node[] {
  return permissionsOf(scope).map(({ group, resources, verbs, names, onlyWith }) => {
    const rule = { apiGroups: [group], resources, verbs, ...(names === undefined ? {} : { resourceNames: names }) };
    return onlyWith === undefined ? rule : when(isSet(onlyWith), rule);
  });
}

/** What data planes consist of. Services and Secrets are read anyway where Gateways are. */
function managed(scope: "planes" | "shared"): readonly Permission[] {
  const verbs = [...read, ...provision];
  const rows: readonly Omit<Permission, "scope">[] = [
    {
      group: "",
      resources: ["services"],
      verbs: scope === "planes" ? provision : verbs,
      why: "Each data plane's Service.",
    },
    {
      group: "",
      resources: ["serviceaccounts"],
      verbs,
      why: "Each data plane's ServiceAccount, which has no permissions.",
    },
    {
      group: "",
      resources: ["secrets"],
      verbs: scope === "planes" ? provision : verbs,
      why: "The certificate with which a data plane connects to the controller; shared data planes have no owner that would delete it.",
    },
    {
      group: "networking.k8s.io",
      resources: ["networkpolicies"],
      verbs,
      onlyWith: "networkPolicy.create",
      why: "Each data plane's NetworkPolicy.",
    },
    { group: "apps", resources: ["deployments"], verbs, why: "Each data plane's Deployment." },
    { group: "policy", resources: ["poddisruptionbudgets"], verbs, why: "Each data plane's PodDisruptionBudget." },
    {
      group: "autoscaling",
      resources: ["horizontalpodautoscalers"],
      verbs,
      why: "The HorizontalPodAutoscaler of a data plane whose GatewayConfig asks for one.",
    },
  ];
  return rows.map((row) => ({ scope, ...row }));
}

function readPermissions(): readonly Permission[] {
  return kindPermissions(
    kindNames,
    ({ plural }) => plural,
    (scope, group) => ({
      verbs: read,
      why: readReasons[`${scope} ${group}`] ?? gatewayApiGroups[group] ?? "Sluice's own kinds.",
    }),
  );
}

function statusPermissions(): readonly Permission[] {
  return kindPermissions(
    kindNames.filter((kind) => (kinds[kind] as KindRow).status !== undefined),
    ({ plural }) => `${plural}/status`,
    () => ({ verbs: ["patch"], why: "Conditions, addresses and attached route counts." }),
  );
}

type KindResource = Pick<KindRow, "group" | "plural" | "scope"> & { readonly onlyWith: OptionName | undefined };

/** One row for each scope, group and option that kinds are read with; twins are read with their kinds. */
function kindPermissions(
  names: readonly Kind[],
  resource: (row: KindResource) => string,
  rest: (scope: "cluster" | "watched", group: string) => Pick<Permission, "verbs" | "why">,
): readonly Permission[] {
  const rows = names.flatMap((name): KindResource[] => {
    const { twin, ...row }: KindRow = kinds[name];
    const onlyWith = optional[name];
    return [{ ...row, onlyWith }, ...(twin === undefined ? [] : [{ ...twin, scope: row.scope, onlyWith }])];
  });
  return (["cluster", "watched"] as const).flatMap((scope) => {
    const ofScope = rows.filter((row) => (row.scope === "Cluster") === (scope === "cluster"));
    return [...Map.groupBy(ofScope, ({ group, onlyWith = "" }) => `${group} ${onlyWith}`).values()].flatMap(
      (members) => {
        const [first] = members;
        if (first === undefined) return [];
        const { group, onlyWith } = first;
        const resources = members.map(resource);
        return [{ scope, group, resources, ...rest(scope, group), ...(onlyWith === undefined ? {} : { onlyWith }) }];
      },
    );
  });
}
