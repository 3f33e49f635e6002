/** Tells of the annotations that no conversion looks at, so that each one of an Ingress is either converted or named. */
import { type LocationFeatureName, locationFeatures, serverFeatures } from "../../ingress/features.ts";
import type { IngressModel } from "../../ingress/ingress-model.ts";
import { annotationPointer, annotationPrefix } from "../../ingress/read-feature.ts";
import { pointerOf } from "../../resource/json.ts";
import type { Resource } from "../../resource/kinds.ts";
import { carried, ofTheApplier } from "./metadata.ts";
import type { Workspace } from "./workspace.ts";

/** All that ingress-nginx takes from a canary; the rest is as the main Ingress says. */
const ofCanaries: ReadonlySet<LocationFeatureName> = new Set(["canary", "affinity", "loadBalancing"]);

const rows = new Map(
  Object.entries({ ...locationFeatures, ...serverFeatures }).flatMap(([feature, { annotations }]) =>
    annotations.flatMap((row) => [row.name, ...row.aliases].map((name) => [name, { row, feature }] as const)),
  ),
);

/** Comes last: whether an annotation has a part in what is written is known by then. */
export function accountAnnotations({ ingresses, findings }: IngressModel, workspace: Workspace): void {
  const told = new Set(
    [...findings, ...workspace.findings].map(({ object, pointer }) => `${object.namespace}/${object.name} ${pointer}`),
  );
  for (const { resource, dropped, settings } of ingresses) {
    if (dropped !== undefined) continue;
    const { namespace, name, annotations } = resource.metadata;
    for (const key of Object.keys(annotations)) {
      if (told.has(`${namespace}/${name} ${pointerOf(["metadata", "annotations", key])}`)) continue;
      if (key.startsWith(annotationPrefix)) {
        tellWithoutEffect(resource, key.slice(annotationPrefix.length), settings.canary.split !== undefined, workspace);
      } else if (!carried(key) && !ofTheApplier.test(key) && key !== "kubernetes.io/ingress.class") {
        workspace.report(
          "convert-foreign",
          { resource, pointer: pointerOf(["metadata", "annotations", key]) },
          {
            message: `${key} is not carried over: it is for a program that reads Ingresses.`,
            fix: "See where that program reads it of the Gateway API, or leave it out.",
          },
        );
      }
    }
  }
}

function tellWithoutEffect(resource: Resource<"Ingress">, name: string, isCanary: boolean, workspace: Workspace): void {
  if (
    isCanary &&
    rows.get(name)?.feature !== "canary" &&
    ofCanaries.has(rows.get(name)?.feature as LocationFeatureName)
  ) {
    workspace.report(
      "convert-lost",
      { resource, pointer: annotationPointer(name) },
      {
        message: `${name} is not converted: endpoints of the canary are chosen as those of the main Ingress.`,
        fix: "Give the main Ingress the annotation, if both are to have it.",
      },
    );
    return;
  }
  const because =
    reasonOf(name, isCanary) ??
    (workspace.tells(resource, rows.get(name)?.row.name ?? name) ? undefined : needsNothing);
  if (because === undefined) return;
  workspace.report(
    "convert-no-effect",
    { resource, pointer: annotationPointer(name) },
    {
      message: `${name} is not converted: ${because}`,
      fix: "Nothing.",
    },
  );
}

const needsNothing = "what is written does as it says without anything of its own.";

function reasonOf(name: string, isCanary: boolean): string | undefined {
  const known = rows.get(name);
  if (known === undefined) return "ingress-nginx 1.15 knows no such annotation.";
  if (isCanary && !ofCanaries.has(known.feature as LocationFeatureName))
    return "on a canary ingress-nginx does not look at it; the main Ingress counts.";
  const { handling } = known.row;
  return handling.kind === "noEffect" ? handling.because : undefined;
}
