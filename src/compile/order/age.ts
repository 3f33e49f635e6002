import { compareText } from "./by-name.ts";

/** What decides between objects that claim the same thing. */
export type Aged = {
  readonly metadata: {
    readonly namespace?: string | undefined;
    readonly name: string;
    readonly creationTimestamp?: string | undefined;
  };
};

/** Creation time in milliseconds since the epoch; `undefined` when there is none, as on objects from files. */
export function createdMs(object: Aged): number | undefined {
  const text = object.metadata.creationTimestamp;
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * Oldest first, then by `namespace/name`; an object without a creation time counts as the newest. Spec: the rule by which
 * routes and policies of one kind win over one another.
 */
export function compareAge(a: Aged, b: Aged): number {
  const x = createdMs(a) ?? Number.POSITIVE_INFINITY;
  const y = createdMs(b) ?? Number.POSITIVE_INFINITY;
  if (x !== y) return x < y ? -1 : 1;
  return compareText(
    `${a.metadata.namespace ?? ""}/${a.metadata.name}`,
    `${b.metadata.namespace ?? ""}/${b.metadata.name}`,
  );
}
