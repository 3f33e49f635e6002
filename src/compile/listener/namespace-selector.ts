import { type LabelSelector, selectorMatches } from "../../store/label-selector.ts";
import type { CompileContext } from "../contract.ts";

/** Which namespaces may use a Gateway's listeners. Spec: RouteNamespaces, ListenerNamespaces. */
export type NamespaceRule = {
  readonly from: "All" | "Same" | "Selector" | "None";
  readonly selector?: LabelSelector;
};

/**
 * Whether a namespace is let in, and if not, what would have to change.
 * `assumed`: let in only because the input does not hold the Namespace and every class is adopted.
 */
export type NamespaceAnswer =
  | { readonly answer: "allowed" }
  | { readonly answer: "assumed" | "refused"; readonly wants: string; readonly namespaceKnown: boolean };

/** Every namespace carries its own name under this label. Spec: Kubernetes well-known labels. */
const nameLabel = "kubernetes.io/metadata.name";

/**
 * Asks whether objects of `namespace` may use what belongs to `home`. People rarely put Namespace objects beside their
 * manifests: then only the label that every namespace has can match, except under `adoptClasses`, where the selector
 * counts as matching and the caller warns.
 */
export function namespaceAllowed(
  context: CompileContext,
  rule: NamespaceRule,
  ends: { readonly home: string; readonly namespace: string },
): NamespaceAnswer {
  switch (rule.from) {
    case "All":
      return { answer: "allowed" };
    case "Same":
      return ends.namespace === ends.home
        ? { answer: "allowed" }
        : { answer: "refused", wants: `namespace ${ends.home} only (from: Same)`, namespaceKnown: true };
    case "None":
      return { answer: "refused", wants: "no namespace (from: None)", namespaceKnown: true };
    case "Selector": {
      const object = context.snapshot.get("Namespace", undefined, ends.namespace);
      const labels = { ...object?.metadata.labels, [nameLabel]: ends.namespace };
      if (rule.selector && selectorMatches(rule.selector, labels)) return { answer: "allowed" };
      const wants = rule.selector ? renderSelector(rule.selector) : "a selector, which is missing";
      const assumed = object === undefined && rule.selector !== undefined && context.options.adoptClasses;
      return { answer: assumed ? "assumed" : "refused", wants, namespaceKnown: object !== undefined };
    }
  }
}

/** The selector as `kubectl -l` writes it: `team=shop, tier in (a, b)`. */
export function renderSelector(selector: LabelSelector): string {
  const parts = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const list = `(${values.join(", ")})`;
    if (operator === "Exists") parts.push(key);
    else if (operator === "DoesNotExist") parts.push(`!${key}`);
    else parts.push(`${key} ${operator === "In" ? "in" : operator === "NotIn" ? "notin" : operator} ${list}`);
  }
  return parts.join(", ");
}
