import type { OutsideHost } from "../../src/compile/backend/host-cluster.ts";
import type { ClusterPart, ServeScope, StagedFilter } from "../../src/compile/ingress/serve-feature.ts";
import { createSecretReader } from "../../src/compile/tls/snapshot-secrets.ts";
import type { FindingName } from "../../src/finding/catalogue.ts";
import { makeFinding } from "../../src/finding/catalogue.ts";
import type { IngressFeature } from "../../src/ingress/feature.ts";
import { type LocationSettings, locationFeatures } from "../../src/ingress/features.ts";
import type { ServiceBackend } from "../../src/ingress/ingress-model.ts";
import type { Resource } from "../../src/resource/kinds.ts";
import { createSnapshot } from "../../src/store/create-snapshot.ts";
import { readAnnotations } from "./read-annotations.ts";

export type ServedAlone = {
  readonly filters: readonly StagedFilter[];
  /** Names of findings, those that refuse everyone marked by `!`. */
  readonly findings: readonly string[];
  /** Hosts and Services that were asked for. */
  readonly clusters: readonly string[];
};

type Given = {
  readonly objects?: readonly Resource[];
  readonly configMap?: Readonly<Record<string, string>>;
  readonly path?: string;
};

/** What these features serve at one location of an Ingress `shop/web` for `shop.test`, with all else as it is without annotations. */
export function serveAlone(
  annotations: Readonly<Record<string, string>>,
  serve: (settings: LocationSettings, scope: ServeScope) => readonly StagedFilter[],
  { objects = [], configMap = {}, path = "/" }: Given = {},
): ServedAlone {
  const settings = Object.fromEntries(
    Object.entries(locationFeatures).map(([name, feature]) => [
      name,
      readAnnotations(feature as IngressFeature<unknown>, annotations, { objects, configMap }).setting,
    ]),
  ) as LocationSettings;
  const findings: string[] = [];
  const clusters: string[] = [];
  const snapshot = createSnapshot(objects);
  const tell =
    (mark: string): ServeScope["report"] =>
    (name: FindingName, _annotation, text) => {
      makeFinding(name, {
        object: { kind: "Ingress", group: "networking.k8s.io", namespace: "shop", name: "web" },
        ...text,
      });
      findings.push(`${name}${mark}`);
    };
  const scope = {
    context: { snapshot, secrets: createSecretReader(snapshot, { retained: new Map(), nowMs: 0 }) },
    controller: { configMap: undefined, value: (key: string) => configMap[key] },
    server: { hostname: "shop.test" },
    location: { path, settings, owner: { resource: { metadata: { namespace: "shop", name: "web" } } } },
    at: (annotation: string) => ({ kind: "Ingress", namespace: "shop", name: "web", pointer: annotation }),
    serviceCluster: ({ namespace, service, port }: ServiceBackend, { tls }: ClusterPart) => {
      const key = `${namespace}/${service}:${"number" in port ? port.number : port.name}${tls === undefined ? "" : " tls"}`;
      clusters.push(key);
      return key;
    },
    hostCluster: ({ scheme, hostname, port }: OutsideHost) => {
      const key = `${scheme}://${hostname}:${port}`;
      clusters.push(key);
      return key;
    },
    report: tell(""),
    deny: tell("!"),
  } as unknown as ServeScope;
  return { filters: serve(settings, scope), findings, clusters };
}
