import { type BackendScope, reportIn } from "../backend/backend-scope.ts";

/** A reason to leave a rule out: a value in it that cannot be honoured. */
export type RuleFault = {
  readonly ruleIndex: number;
  readonly pointer: string;
  /** Completes "Dropped Rule 0: ". */
  readonly message: string;
  readonly fix: string;
  /** True when the rule's filters exclude each other, which has a reason of its own. */
  readonly incompatibleFilters?: true;
};

/**
 * Tells of the rules that were left out. While others are left the route is partially invalid, and the message begins as the
 * specification demands; else it is not accepted. Spec: RouteConditionPartiallyInvalid.
 */
export function reportFaults(scope: BackendScope, faults: readonly RuleFault[], ruleCount: number): void {
  const dropped = new Set(faults.map((fault) => fault.ruleIndex));
  const partial = dropped.size < ruleCount;
  const incompatible = faults.length > 0 && faults.every((fault) => fault.incompatibleFilters);
  const name = partial ? "rule-dropped" : incompatible ? "route-filters-incompatible" : "route-without-valid-rule";
  for (const { pointer, message, fix, ruleIndex } of faults) {
    reportIn(scope, name, { pointer, message: `Dropped Rule ${ruleIndex}: ${message}`, fix });
  }
}
