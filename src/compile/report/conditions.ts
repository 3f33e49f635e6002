/** The one place where findings become conditions. */
import { catalogue } from "../../finding/catalogue.ts";
import type { Finding, FindingCondition, FindingRow } from "../../finding/finding.ts";
import type { Condition } from "../../status/condition.ts";

/** How a condition reads while nothing is wrong. */
export type ConditionDefault = FindingCondition & { readonly message: string };

/** Longest message that the API takes. Spec: metav1.Condition.message, maxLength 32768. */
const messageLimit = 32_768;

/** What a finding says about a status; `undefined` for findings that set no condition. */
export function conditionOf(finding: Finding): FindingCondition | undefined {
  const row: FindingRow = catalogue[finding.name];
  return row.condition;
}

/**
 * The conditions of one status: the defaults, each replaced by the first finding that bears on its type, and after them
 * the types that only findings set. A status that is not `True` beats one that is. Messages of findings with the deciding
 * reason are joined, once each.
 */
export function deriveConditions(
  defaults: readonly ConditionDefault[],
  findings: readonly Finding[],
  observedGeneration: number,
): Condition[] {
  const decided = new Map<string, { condition: FindingCondition; messages: Set<string> }>();
  for (const finding of findings) {
    const condition = conditionOf(finding);
    if (!condition) continue;
    const known = decided.get(condition.type);
    if (!known || weight(condition) > weight(known.condition)) {
      decided.set(condition.type, { condition, messages: new Set([finding.message]) });
    } else if (known.condition.reason === condition.reason) {
      known.messages.add(finding.message);
    }
  }
  const conditions: Condition[] = [];
  for (const { type, status, reason, message } of defaults) {
    const found = decided.get(type);
    decided.delete(type);
    conditions.push(found ? render(found, observedGeneration) : { type, status, reason, message, observedGeneration });
  }
  for (const found of decided.values()) conditions.push(render(found, observedGeneration));
  return conditions;
}

/** True when the condition is there and its status is `True`. */
export function isTrue(conditions: readonly Condition[], type: string): boolean {
  return conditions.some((condition) => condition.type === type && condition.status === "True");
}

function render(
  found: { readonly condition: FindingCondition; readonly messages: ReadonlySet<string> },
  observedGeneration: number,
): Condition {
  const { type, status, reason } = found.condition;
  const message = [...found.messages].join(" ").slice(0, messageLimit);
  return { type, status, reason, message, observedGeneration };
}

/** `Conflicted` and the like are bad when `True`, but then their default is `False` or absent, so any finding decides. */
function weight(condition: FindingCondition): number {
  return condition.status === "False" ? 2 : condition.status === "Unknown" ? 1 : 0;
}
