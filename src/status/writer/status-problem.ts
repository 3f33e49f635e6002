import type { ObjectRef } from "../../finding/finding.ts";
import { type KindRow, kindOf, kinds } from "../../resource/kinds.ts";

/** Something about writing statuses that a person should know. */
export type StatusProblem =
  /** Told once for a kind, until a write of that kind succeeds. */
  | { readonly kind: "forbidden"; readonly object: ObjectRef; readonly message: string }
  /** The API server does not take this status; told once for each that it does not take. */
  | { readonly kind: "refused"; readonly object: ObjectRef; readonly message: string }
  /** Told once, until the API server answers again. */
  | { readonly kind: "unavailable"; readonly message: string };

/** One sentence for the log, and what to do where there is something to do. `message` is the API server's own words. */
export function describeStatusProblem(problem: StatusProblem): string {
  switch (problem.kind) {
    case "forbidden": {
      const { group, kind } = problem.object;
      const known = kindOf(group, kind);
      const { plural }: Pick<KindRow, "plural"> = known ? kinds[known] : { plural: kind };
      return `Statuses of ${kind} objects are not written: ${problem.message} Permit the verb patch on ${plural}/status (apiGroup ${group}) to Sluice's ServiceAccount.`;
    }
    case "refused": {
      const { kind, namespace, name } = problem.object;
      return `The status of ${kind} ${namespace === undefined ? "" : `${namespace}/`}${name} is not written, because the API server does not accept it: ${problem.message}`;
    }
    default:
      return `Statuses are not written at the moment: ${problem.message} It is tried again.`;
  }
}
