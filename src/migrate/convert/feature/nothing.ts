import type { AnnotationRow } from "../../../ingress/annotation.ts";
import type { IngressFeature } from "../../../ingress/feature.ts";
import { annotationPrefix } from "../../../ingress/read-feature.ts";
import { type ConvertFeature, type ConvertServerScope, nothingConverted } from "../convert-feature.ts";

/** For a feature of which nothing is converted: each of its annotations that is written is told of, unless it has no effect. */
export function nothing<Setting>(feature: IngressFeature<Setting>): ConvertFeature<Setting> {
  return (_, scope) => {
    tellLost(feature, scope);
    return nothingConverted;
  };
}

function tellLost(feature: IngressFeature<unknown>, scope: ConvertServerScope): void {
  for (const row of writtenRows(feature, scope)) {
    if (row.handling.kind === "noEffect") continue;
    const text = {
      message: `${row.name} is not converted: ${row.means}`,
      fix: "Do by hand what it did, or remove it if nobody needs it.",
    };
    if (row.handling.kind === "refused" && row.handling.closed) scope.deny("convert-refused", row.name, text);
    else scope.report("convert-lost", row.name, text);
  }
}

/** Annotations of the feature that the Ingress has, under any of their names. */
export function writtenRows(
  feature: IngressFeature<unknown>,
  { ingress }: Pick<ConvertServerScope, "ingress">,
): readonly AnnotationRow[] {
  const { annotations } = ingress.metadata;
  return feature.annotations.filter(({ name, aliases }) =>
    [name, ...aliases].some((each) => annotations[annotationPrefix + each] !== undefined),
  );
}
