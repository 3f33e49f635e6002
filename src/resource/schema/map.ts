import { z } from "zod";
import { rule } from "./rule.ts";
import { annotationValue, labelValue } from "./text.ts";

/** Bounds the number of entries of a map. */
export function bounded(max: number) {
  return rule((entries: Readonly<Record<string, unknown>>, report) => {
    const count = Object.keys(entries).length;
    if (count > max) report([], `has ${count} entries, more than the ${max} allowed`, `Keep at most ${max} entries.`);
  });
}

const qualifiedName =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;

/**
 * True for an optional DNS prefix with `/` and a name of at most 63 characters. The prefix has at most 253 characters in
 * metadata, and 252 in the Gateway API. Spec: LabelKey, AnnotationKey.
 */
function isQualifiedName(key: string, prefixLimit: number): boolean {
  return key.length <= 317 && (key.split("/")[0] ?? "").length <= prefixLimit && qualifiedName.test(key);
}

function keysRule(isName: (key: string) => boolean) {
  return rule((entries: Readonly<Record<string, unknown>>, report) => {
    for (const key of Object.keys(entries)) {
      if (isName(key)) continue;
      report(
        [key],
        "is not a label or annotation name",
        "Write a name such as `team` or `example.com/team`, at most 63 characters after the `/`.",
      );
    }
  });
}

/** Every key must be a label or annotation name. Spec: LabelKey, AnnotationKey of the Gateway API. */
export const qualifiedKeys = keysRule((key) => isQualifiedName(key, 252));

/** Spec: metav1.ObjectMeta.labels, and keys of labels in the experimental kinds. */
export const labelKeys = keysRule((key) => isQualifiedName(key, 253));

/** Upper case is taken for lower case. Spec: metav1.ObjectMeta.annotations. */
export const annotationKeys = keysRule((key) => isQualifiedName(key.toLowerCase(), 253));

/** Settings that only the implementation knows. Spec: ListenerTLSConfig.options and BackendTLSPolicySpec.options. */
export const options = z.record(z.string(), annotationValue).check(bounded(16)).meta({ maxProperties: 16 });

/** Spec: GatewayInfrastructure.labels. */
export const infrastructureLabels = z
  .record(z.string(), labelValue)
  .check(bounded(8), qualifiedKeys)
  .meta({ maxProperties: 8 });

/** Spec: GatewayInfrastructure.annotations. */
export const infrastructureAnnotations = z
  .record(z.string(), annotationValue)
  .check(bounded(16), qualifiedKeys)
  .meta({ maxProperties: 16 });

/** Spec: BackendEndpointSelector.matchLabels. */
export const endpointLabels = z
  .record(z.string(), labelValue)
  .check(
    bounded(64),
    labelKeys,
    rule((labels, report) => {
      if (Object.keys(labels).length === 0) report([], "is empty, and would select nothing", "Add at least one label.");
    }),
  )
  .meta({ minProperties: 1, maxProperties: 64 });
