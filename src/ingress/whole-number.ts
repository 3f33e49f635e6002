import type { AnnotationSource } from "./feature.ts";

/**
 * A time or count of nginx that an annotation gives, and a key of the ConfigMap where it does not. Below zero nginx loads no
 * configuration at all, so the value is ignored with a finding.
 */
export function wholeNumber(
  source: AnnotationSource,
  annotation: string,
  otherwise: { readonly key: string; readonly value: number },
): number {
  const written = source.integer(annotation);
  if (written !== undefined && written >= 0) return written;
  if (written !== undefined) {
    source.report("ingress-breaks-nginx", annotation, {
      message: `${annotation} is ${written}, which nginx cannot read: the value is ignored.`,
      fix: "Write a whole number that is not negative, or remove the annotation.",
    });
  }
  const text = source.controller.value(otherwise.key);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : otherwise.value;
}
