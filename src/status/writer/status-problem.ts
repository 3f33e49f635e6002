import { makeFinding } from "../../finding/catalogue.ts";
import type { Finding, ObjectRef } from "../../finding/finding.ts";
import { type KindRow, kindOf, kinds } from "../../resource/kinds.ts";

/** Something about writing statuses that a person should know. */
export type StatusProblem =
  /** The API server does not take this status; told once for each that it does not take. */
  | { readonly kind: "refused"; readonly object: ObjectRef; readonly message: string }
  /** Told once, until the API server answers again. */
  | { readonly kind: "unavailable"; readonly message: string };

/** Statuses of a kind that may not be written, and what the API server said. */
export type ForbiddenKind = { readonly object: Pick<ObjectRef, "group" | "kind">; readonly message: string };

/** About kinds whose statuses may not be written. */
export function forbiddenFindings(forbidden: readonly ForbiddenKind[]): readonly Finding[] {
  return forbidden.map(({ object: { group, kind }, message }) =>
    makeFinding("status-forbidden", {
      object: { kind: "ClusterRole", group: "rbac.authorization.k8s.io", name: "sluice-controller" },
      message: `Sluice has no permission to write the status of ${kind} objects: ${message}`.replace(/\.?$/, "."),
      fix: `Grant patch on ${pluralOf(group, kind)}/status (apiGroup ${group}) to Sluice's ServiceAccount; sluice install writes it.`,
    }),
  );
}

function pluralOf(group: string, kind: string): string {
  const known = kindOf(group, kind);
  const { plural }: Pick<KindRow, "plural"> = known ? kinds[known] : { plural: kind };
  return plural;
}

/** One sentence for the log, and what to do where there is something to do. `message` is the API server's own words. */
export function describeStatusProblem(problem: StatusProblem): string {
  switch (problem.kind) {
    case "refused": {
      const { kind, namespace, name } = problem.object;
      return `The status of ${kind} ${namespace === undefined ? "" : `${namespace}/`}${name} was not written, because the API server refused it: ${problem.message}`;
    }
    default:
      return `Statuses cannot be written at the moment: ${problem.message} Sluice retries.`;
  }
}
