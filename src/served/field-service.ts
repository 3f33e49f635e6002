/** What a field of a policy kind gets. */
export type FieldService =
  | { readonly served: "yes" }
  /**
   * `safe`: whether requests may be answered as if the field were not there. With `no`, what it keeps out would come in, or a
   * limit would not be kept: what sets it must not be in force without it.
   */
  | { readonly served: "no"; readonly safe: "yes" | "no"; readonly reason: string };

/** A field's area, for readers of the table, and what it gets: with everything below it, but for what has a row of its own. */
export type FieldRow = readonly [area: string, service: FieldService];

/** By path below `spec`; `[]` stands for each entry of a list. The row with the longest path above a field is the field's. */
export type FieldTable = Readonly<Record<string, FieldRow>>;

/** Has a row for each field of a spec at least: a missing one is a type error. */
export type CompleteTable<Spec> = { readonly [Field in keyof Spec & string]-?: FieldRow } & FieldTable;

export const served: FieldService = { served: "yes" };

const reason = "It is not served yet.";

/** Nobody comes in and no limit is exceeded for want of it. */
export const notYet: FieldService = { served: "no", safe: "yes", reason };

/** It keeps somebody or something out. */
export const notYetUnsafe: FieldService = { served: "no", safe: "no", reason };

/** As {@link notYet}, for good. */
export const never = (why: string): FieldService => ({ served: "no", safe: "yes", reason: why });

/** As {@link notYetUnsafe}, for good. */
export const neverUnsafe = (why: string): FieldService => ({ served: "no", safe: "no", reason: why });
