import type { Finding } from "../../finding/finding.ts";
import type { Condition, ObjectStatus } from "../../status/condition.ts";
import { type ConditionDefault, deriveConditions, isTrue } from "../report/conditions.ts";
import { refOf } from "../report/report.ts";
import type { RouteAttachment } from "./attach.ts";

const defaults = [
  { type: "Accepted", status: "True", reason: "Accepted", message: "The route is attached." },
  { type: "ResolvedRefs", status: "True", reason: "ResolvedRefs", message: "All references resolve." },
] as const satisfies readonly ConditionDefault[];

/**
 * Conditions of a route at one parent. `findings` are those of the attachment, then those of the compiled rules.
 * Spec: RouteParentStatus.conditions.
 */
export function parentConditions(findings: readonly Finding[], generation: number): Condition[] {
  const conditions = deriveConditions(defaults, findings, generation);
  // "MUST NOT be set if a Route is ... not accepted". Spec: RouteConditionPartiallyInvalid.
  return isTrue(conditions, "Accepted") ? conditions : conditions.filter(({ type }) => type !== "PartiallyInvalid");
}

/** Status of a route: one entry for each parentRef to a Gateway of ours. `conditions` are in the order of the outcomes. */
export function routeStatus(attachment: RouteAttachment, conditions: readonly (readonly Condition[])[]): ObjectStatus {
  return {
    ref: refOf(attachment.route),
    generation: attachment.route.metadata.generation,
    body: {
      shape: "route",
      parents: attachment.outcomes.map(({ parent }, place) => ({
        parentRef: parent.ref,
        conditions: conditions[place] ?? [],
      })),
    },
  };
}
