import type { ServeScope, StagedFilter } from "../../src/compile/ingress/serve-feature.ts";
import type { IngressFeature } from "../../src/ingress/feature.ts";
import { type LocationSettings, locationFeatures } from "../../src/ingress/features.ts";
import type { Resource } from "../../src/resource/kinds.ts";
import { readAnnotations } from "./read-annotations.ts";
import { serveScope } from "./serve-scope.ts";

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
  const { scope, findings, clusters } = serveScope({ objects, configMap, path, settings });
  const filters = serve(settings, scope);
  return { filters, findings: findings.map(({ name, denies }) => (denies ? `${name}!` : name)), clusters };
}
