/** Which policies of one inherited kind are in force at a place, and what they come to. Pure. */
import type { JsonObject } from "../../resource/json.ts";
import { compareAge } from "../order/age.ts";
import { compareText } from "../order/by-name.ts";
import { type ListKeys, type MergeType, mergeSpecs, type TracedSpec, traceSpec } from "./merge-specs.ts";
import { type AttachedPolicy, type AttachmentRules, claimOn, type PolicyTarget } from "./policy-target.ts";

/** A policy of an inherited kind: the most specific is in force alone, or merged over its parents. */
export type InheritedPolicy = AttachedPolicy & { readonly spec: { readonly mergeType?: MergeType } };

/** The policies on one target. */
export type PolicyLevel<P> = {
  readonly target: PolicyTarget;
  readonly winner: P;
  /** Policies that claim the same target and lose to the winner, and where each claims it. */
  readonly conflicted: readonly { readonly policy: P; readonly pointer: string }[];
};

/** What is in force at a place. */
export type EffectivePolicy<P> = {
  /** The policies that make it up, from the least specific to the most. */
  readonly inForce: readonly P[];
  /** Policies that would be in force, were it not for a more specific one that is not merged with them. */
  readonly overridden: readonly P[];
  /** Without what says where the policies apply. */
  readonly traced: TracedSpec<P>;
};

/**
 * The levels that have policies, of `targets` from the least specific to the most. `find` gives the policies that may be
 * attached to a target; which are is decided here. On one target the oldest policy wins, then the one whose namespace/name
 * comes first; of two that have both in common the one whose group comes first. Spec: GEP-713, conflict resolution.
 */
export function findLevels<P extends InheritedPolicy>(
  targets: readonly PolicyTarget[],
  find: (target: PolicyTarget) => Iterable<P>,
  rules: AttachmentRules,
): readonly PolicyLevel<P>[] {
  return targets.flatMap((target) => {
    const claims = [...new Set(find(target))].flatMap((policy) => {
      const pointer = claimOn(policy, target, rules);
      return pointer === undefined ? [] : [{ policy, pointer }];
    });
    const [winner, ...conflicted] = claims.sort((a, b) => comparePolicies(a.policy, b.policy));
    return winner === undefined ? [] : [{ target, winner: winner.policy, conflicted }];
  });
}

function comparePolicies(a: InheritedPolicy, b: InheritedPolicy): number {
  return compareAge(a, b) || compareText(a.apiVersion, b.apiVersion);
}

/**
 * What the policies of `levels`, from the least specific to the most, come to; `undefined` without any. A policy without a
 * mergeType is in force as a whole and overrides its parents; one with it is merged over what they come to. A policy that
 * stands on several levels counts on the most specific of them.
 */
export function effectivePolicy<P extends InheritedPolicy>(
  levels: readonly PolicyLevel<P>[],
  listKeys: ListKeys,
): EffectivePolicy<P> | undefined {
  const chain = levels
    .map(({ winner }) => winner)
    .filter((winner, index, winners) => winners.lastIndexOf(winner) === index);
  let effective: EffectivePolicy<P> | undefined;
  for (const policy of chain) {
    const spec = settingsOf(policy);
    const type = policy.spec.mergeType ?? "Replace";
    effective =
      effective === undefined || type === "Replace"
        ? {
            inForce: [policy],
            overridden: effective === undefined ? [] : [...effective.overridden, ...effective.inForce],
            traced: traceSpec(policy, spec),
          }
        : {
            inForce: [...effective.inForce, policy],
            overridden: effective.overridden,
            traced: mergeSpecs(effective.traced, { policy, spec }, { type, listKeys }),
          };
  }
  return effective;
}

const attachmentFields: ReadonlySet<string> = new Set(["targetRef", "targetRefs", "targetSelectors", "mergeType"]);

/** The spec without what says where the policy applies. */
export function settingsOf({ spec }: InheritedPolicy): JsonObject {
  return Object.fromEntries(Object.entries(spec).filter(([field]) => !attachmentFields.has(field)));
}
