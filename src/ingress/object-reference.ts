import type { AnnotationSource } from "./feature.ts";

/** `namespace/name`, or why ingress-nginx does not follow the reference: completes "…: every request gets 503". */
export type ObjectReference =
  | { readonly kind: "object"; readonly namespace: string; readonly name: string }
  | { readonly kind: "refused"; readonly because: string };

/**
 * What an annotation names, in the namespace of its Ingress unless it says another: that takes `allow-cross-namespace-resources`
 * of the ConfigMap.
 */
export function readObjectReference(source: AnnotationSource, text: string): ObjectReference {
  const parts = text.split("/");
  const own = source.ingress.metadata.namespace;
  const [namespace, name] = parts.length === 1 ? [own, parts[0]] : parts;
  if (parts.length > 2 || !name || namespace === undefined) {
    return { kind: "refused", because: `${JSON.stringify(text)} is neither a name nor namespace/name` };
  }
  if (namespace !== "" && namespace !== own && source.controller.value("allow-cross-namespace-resources") !== "true") {
    return {
      kind: "refused",
      because: `${text} is in another namespace, which allow-cross-namespace-resources of the controller's ConfigMap does not allow`,
    };
  }
  return { kind: "object", namespace: namespace === "" ? own : namespace, name };
}
