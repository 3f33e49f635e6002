import { type KubeClient, KubeError, type Selection } from "../kube/kube-client.ts";
import type { JsonObject } from "../resource/json.ts";

type Listing = {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly select: Selection;
};

const all: Selection = {};

/** What a migration looks at. Of Secrets and workloads only those that matter: the rest is nobody's business here. */
const listings: readonly Listing[] = [
  { group: "networking.k8s.io", version: "v1", plural: "ingresses", select: all },
  { group: "networking.k8s.io", version: "v1", plural: "ingressclasses", select: all },
  { group: "", version: "v1", plural: "namespaces", select: all },
  { group: "", version: "v1", plural: "services", select: all },
  { group: "", version: "v1", plural: "secrets", select: { fieldSelector: "type=kubernetes.io/tls" } },
  { group: "", version: "v1", plural: "configmaps", select: { labelSelector: "app.kubernetes.io/name=ingress-nginx" } },
  { group: "", version: "v1", plural: "configmaps", select: { fieldSelector: "metadata.name=tcp-services" } },
  { group: "", version: "v1", plural: "configmaps", select: { fieldSelector: "metadata.name=udp-services" } },
  {
    group: "apps",
    version: "v1",
    plural: "deployments",
    select: { labelSelector: "app.kubernetes.io/name=ingress-nginx" },
  },
  {
    group: "apps",
    version: "v1",
    plural: "daemonsets",
    select: { labelSelector: "app.kubernetes.io/name=ingress-nginx" },
  },
  ...[
    "ingressroutes",
    "ingressroutetcps",
    "ingressrouteudps",
    "middlewares",
    "middlewaretcps",
    "traefikservices",
    "tlsoptions",
    "serverstransports",
  ].map((plural) => ({ group: "traefik.io", version: "v1alpha1", plural, select: all })),
  ...["kongplugins", "kongclusterplugins", "kongupstreampolicies"].map((plural) => ({
    ...{
      group: "configuration.konghq.com",
      version: plural === "kongupstreampolicies" ? "v1beta1" : "v1",
      plural,
      select: all,
    },
  })),
  ...["virtualservers", "virtualserverroutes", "policies"].map((plural) => ({
    ...{ group: "k8s.nginx.org", version: "v1", plural, select: all },
  })),
];

export type ClusterObjects = {
  readonly objects: readonly JsonObject[];
  /** What the user may not read, as `secrets` or `middlewares.traefik.io`. */
  readonly forbidden: readonly string[];
};

/** Objects of each page. */
const pageSize = 500;

/** Reads what a migration looks at, and writes nothing. Kinds that the cluster does not have are left out. Rejects with a {@link KubeError}. */
export async function readCluster(client: KubeClient): Promise<ClusterObjects> {
  const objects: JsonObject[] = [];
  const forbidden = new Set<string>();
  for (const { group, version, plural, select } of listings) {
    try {
      let continueToken: string | undefined;
      do {
        const page = await client.list(
          { group, version, plural },
          { ...select, limit: pageSize, ...(continueToken === undefined ? {} : { continueToken }) },
        );
        objects.push(...page.items);
        continueToken = page.continueToken;
      } while (continueToken !== undefined);
    } catch (error) {
      if (!(error instanceof KubeError) || (error.status !== 403 && error.status !== 404)) throw error;
      if (error.status === 403) forbidden.add(group === "" ? plural : `${plural}.${group}`);
    }
  }
  return { objects, forbidden: [...forbidden] };
}
