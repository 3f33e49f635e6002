import type { OutsideHost } from "../../src/compile/backend/host-cluster.ts";
import type { ClusterPart, ServeScope } from "../../src/compile/ingress/serve-feature.ts";
import { createSecretReader } from "../../src/compile/tls/snapshot-secrets.ts";
import { makeFinding } from "../../src/finding/catalogue.ts";
import type { LocationSettings } from "../../src/ingress/features.ts";
import type { ServiceBackend } from "../../src/ingress/ingress-model.ts";
import type { Resource } from "../../src/resource/kinds.ts";
import { createSnapshot } from "../../src/store/create-snapshot.ts";

export type ServeScopeOptions = {
  readonly objects: readonly Resource[];
  readonly configMap: Readonly<Record<string, string>>;
  readonly path: string;
  /** Of the location; a feature that looks at no other's needs none. */
  readonly settings: LocationSettings | undefined;
};

/** What came of serving in a scope. */
export type Served = {
  readonly scope: ServeScope;
  /** Names of findings, and whether each refuses everyone. */
  readonly findings: { readonly name: string; readonly denies: boolean }[];
  /** Hosts and Services that were asked for. */
  readonly clusters: string[];
};

/** One location of Ingress `shop/web` for `shop.test`, whose backend is port 80 of Service `app`. */
export function serveScope({ objects, configMap, path, settings }: ServeScopeOptions): Served {
  const findings: Served["findings"] = [];
  const clusters: string[] = [];
  const snapshot = createSnapshot(objects);
  const from = { kind: "Ingress", namespace: "shop", name: "web", pointer: "" };
  const backend: ServiceBackend = { namespace: "shop", service: "app", port: { number: 80 }, from };
  const tell =
    (denies: boolean): ServeScope["report"] =>
    (name, _annotation, text) => {
      const object = { kind: "Ingress", group: "networking.k8s.io", namespace: "shop", name: "web" };
      findings.push({ name: makeFinding(name, { object, ...text }).name, denies });
    };
  const cluster = (key: string): string => {
    clusters.push(key);
    return key;
  };
  const scope = {
    context: { snapshot, secrets: createSecretReader(snapshot, { retained: new Map(), nowMs: 0 }) },
    controller: { configMap: undefined, value: (key: string) => configMap[key] },
    server: { hostname: "shop.test" },
    location: {
      path,
      settings,
      owner: { resource: { metadata: { namespace: "shop", name: "web" } } },
      target: { kind: "backend", backend },
    },
    at: (annotation: string) => ({ ...from, pointer: annotation }),
    serviceCluster: ({ namespace, service, port }: ServiceBackend, part?: ClusterPart) =>
      cluster(
        `${namespace}/${service}:${"number" in port ? port.number : port.name}${part?.tls === undefined ? "" : " tls"}`,
      ),
    hostCluster: ({ scheme, hostname, port }: OutsideHost) => cluster(`${scheme}://${hostname}:${port}`),
    report: tell(false),
    deny: tell(true),
  } as unknown as ServeScope;
  return { scope, findings, clusters };
}
