import type { SourceRef } from "./source-ref.ts";

/** A policy that has a part in what is in force at a place. */
export type PolicyInForce = {
  readonly from: SourceRef;
  /** JSON pointers, below the object's `spec`, of the fields that it gives; more specific policies give the others. */
  readonly fields: readonly string[];
};
