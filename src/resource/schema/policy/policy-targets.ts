import { z } from "zod";
import type { DeepReadonly } from "../../deep-readonly.ts";
import { type AgreedRule, atLeastOne, atMostOne } from "../agreed-rules.ts";
import { labelSelector, labelSelectorFields } from "../label-selector.ts";
import { listOf } from "../list.ts";
import { gatewayGroup, localPolicyTargetReferenceWithSectionName } from "../object-reference.ts";
import { optional } from "../optional.ts";
import { group, kindName } from "../text.ts";

const targetSelector = z.object({
  group: group.default(gatewayGroup).describe("API group of the targets."),
  kind: kindName.describe("Kind of the targets."),
  ...labelSelectorFields,
  namespaces: optional(
    z.object({
      from: z
        .enum(["Same", "All", "Selector"])
        .default("Same")
        .describe("Namespaces of the targets. Others than the policy's own need a ReferenceGrant there."),
      selector: optional(labelSelector, "Labels of those namespaces, with from Selector."),
    }),
    "Where targets are looked for. Default: in the policy's namespace.",
  ),
});

/** What a policy applies to. Spec: PolicyTargetReferences. */
export const policyTargets = {
  targetRef: optional(localPolicyTargetReferenceWithSectionName, "The only target. Deprecated: use targetRefs."),
  targetRefs: optional(
    listOf(localPolicyTargetReferenceWithSectionName, { max: 16 }),
    "Targets in the policy's namespace; sectionName names a listener, a rule or a port of one.",
  ),
  targetSelectors: optional(listOf(targetSelector, { max: 16 }), "Targets by their labels."),
};

/** How a policy of a route goes together with one of its Gateway. Spec: MergeType. */
export const mergeType = optional(
  z.enum(["StrategicMerge", "JSONMerge", "Replace"]),
  "Merges this policy into the one of the parent, field by field. Default: the most specific policy replaces the others.",
);

/** For the spec of every policy. */
export const targetRules: readonly AgreedRule[] = [
  atLeastOne("targetRef", "targetRefs", "targetSelectors"),
  atMostOne("targetRef", "targetRefs"),
];

export type PolicyTargets = DeepReadonly<z.output<z.ZodObject<typeof policyTargets>>>;
