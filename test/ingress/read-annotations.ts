import type { ControllerConfig } from "../../src/ingress/controller-config.ts";
import type { IngressFeature, Reading } from "../../src/ingress/feature.ts";
import { annotationPrefix, readFeature } from "../../src/ingress/read-feature.ts";
import type { Resource } from "../../src/resource/kinds.ts";
import { createSnapshot } from "../../src/store/create-snapshot.ts";

/** What a feature reads of an Ingress `shop/web` with these annotations (without their prefix), for tests. */
export function readAnnotations<Setting>(
  feature: IngressFeature<Setting>,
  annotations: Readonly<Record<string, string>>,
  given: { readonly configMap?: Readonly<Record<string, string>>; readonly objects?: readonly Resource[] } = {},
): Reading<Setting> {
  const ingress: Resource<"Ingress"> = {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      namespace: "shop",
      name: "web",
      labels: {},
      generation: 1,
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([name, value]) => [annotationPrefix + name, value]),
      ),
    },
    spec: { tls: [], rules: [{ host: "" }] },
  };
  const controller: ControllerConfig = { configMap: undefined, value: (key) => given.configMap?.[key] };
  return readFeature(feature, { ingress, controller, snapshot: createSnapshot([...(given.objects ?? []), ingress]) });
}
