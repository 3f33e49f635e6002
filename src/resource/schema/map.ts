import { z } from "zod";
import { rule } from "./rule.ts";
import { annotationValue, labelValue } from "./text.ts";

/** Bounds the number of entries of a map. */
function atMost(max: number) {
  return rule((entries: Readonly<Record<string, unknown>>, report) => {
    const count = Object.keys(entries).length;
    if (count > max) report([], `has ${count} entries, more than the ${max} allowed`, `Keep at most ${max} entries.`);
  });
}

const qualifiedName =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;

/** True for an optional DNS prefix with `/` and a name of at most 63 characters. Spec: LabelKey, AnnotationKey. */
export function isQualifiedName(key: string): boolean {
  return key.length <= 317 && (key.split("/")[0] ?? "").length < 253 && qualifiedName.test(key);
}

/** Every key must be a label or annotation name. */
export const qualifiedKeys = rule((entries: Readonly<Record<string, unknown>>, report) => {
  for (const key of Object.keys(entries)) {
    if (!isQualifiedName(key)) {
      report(
        [key],
        "is no label or annotation name",
        "Write a name such as `team` or `example.com/team`, at most 63 characters after the `/`.",
      );
    }
  }
});

/** Settings that only the implementation knows. Spec: ListenerTLSConfig.options and BackendTLSPolicySpec.options. */
export const options = z.record(z.string(), annotationValue).check(atMost(16)).meta({ maxProperties: 16 });

/** Spec: GatewayInfrastructure.labels. */
export const infrastructureLabels = z
  .record(z.string(), labelValue)
  .check(atMost(8), qualifiedKeys)
  .meta({ maxProperties: 8 });

/** Spec: GatewayInfrastructure.annotations. */
export const infrastructureAnnotations = z
  .record(z.string(), annotationValue)
  .check(atMost(16), qualifiedKeys)
  .meta({ maxProperties: 16 });

/** Spec: BackendEndpointSelector.matchLabels. */
export const endpointLabels = z
  .record(z.string(), labelValue)
  .check(
    atMost(64),
    qualifiedKeys,
    rule((labels, report) => {
      if (Object.keys(labels).length === 0) report([], "is empty, and would select nothing", "Add at least one label.");
    }),
  )
  .meta({ minProperties: 1, maxProperties: 64 });
