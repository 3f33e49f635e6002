/** A label selector as every kind writes it. Spec: metav1.LabelSelector. */
export type LabelSelector = {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
};

/**
 * Whether labels fit a selector: all parts must hold, an empty selector fits all labels. An expression that the API
 * does not know (operator, or `In` and `NotIn` without values) never holds.
 */
export function selectorMatches(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const exact = Object.entries(selector.matchLabels ?? {});
  return (
    exact.every(([key, value]) => labelOf(labels, key) === value) &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const label = labelOf(labels, key);
      switch (operator) {
        case "In":
          return label !== undefined && values.includes(label);
        case "NotIn":
          return values.length > 0 && (label === undefined || !values.includes(label));
        case "Exists":
          return values.length === 0 && label !== undefined;
        case "DoesNotExist":
          return values.length === 0 && label === undefined;
        default:
          return false;
      }
    })
  );
}

function labelOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
