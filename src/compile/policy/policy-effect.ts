import type { Finding } from "../../finding/finding.ts";
import type { Resource } from "../../resource/kinds.ts";
import { groupOf, nameOf, refOf } from "../report/report.ts";
import type { EffectivePolicy, PolicyLevel } from "./effective-policy.ts";
import type { InheritedKind } from "./policy-kinds.ts";

type Inherited = Resource<InheritedKind>;

/**
 * What becomes of a policy at one place. `attached`: the place is below its target. `inForce`: it gives fields there.
 * `mergedOver`: over the policy `other`. `mergedInto`: by more specific policies, for the route or listener `other`.
 * `overridden`: for the route or listener `other`. `conflicted`: the policy `other` has the same target and wins.
 * `mistaken`: what it says cannot be honoured there, as `findings` tell.
 */
export type PolicyEffect = {
  /** See {@link policyKey}. */
  readonly policy: string;
  /** `namespace/name` of the Gateway. */
  readonly gateway: string;
  readonly role: "attached" | "inForce" | "mergedOver" | "mergedInto" | "overridden" | "conflicted" | "mistaken";
  readonly other: string;
  /** `conflicted`: where the policy claims the target, as a JSON pointer; `""` otherwise. */
  readonly pointer: string;
  readonly findings: readonly Finding[];
};

/** Tells a policy from all others, also from one of its kind's twin. */
export function policyKey(policy: Inherited): string {
  return `${groupOf(policy.apiVersion)}/${policyName(policy)}`;
}

/** `Kind namespace/name`. */
export function policyName(policy: Inherited): string {
  return nameOf(refOf(policy));
}

/** What becomes of the policies of some levels, whatever is in force. */
export function effectsOfLevels(gateway: string, levels: readonly PolicyLevel<Inherited>[]): readonly PolicyEffect[] {
  return levels.flatMap(({ winner, conflicted }): readonly PolicyEffect[] => [
    { policy: policyKey(winner), gateway, role: "attached", other: "", pointer: "", findings: [] },
    ...conflicted.map(
      ({ policy, pointer }) =>
        ({
          policy: policyKey(policy),
          gateway,
          role: "conflicted",
          other: policyName(winner),
          pointer,
          findings: [],
        }) as const,
    ),
  ]);
}

/** What becomes of the policies that have, or would have, a part in what is in force for a route or listener, `subject`. */
export function effectsOfPolicy(
  gateway: string,
  { inForce, overridden }: EffectivePolicy<Inherited>,
  subject: string,
): readonly PolicyEffect[] {
  return [
    ...inForce.flatMap((policy, place): readonly PolicyEffect[] => {
      const parent = inForce[place - 1];
      const common = { policy: policyKey(policy), gateway, pointer: "", findings: [] };
      return [
        { ...common, role: "inForce", other: "" },
        ...(parent === undefined ? [] : [{ ...common, role: "mergedOver", other: policyName(parent) } as const]),
        ...(place === inForce.length - 1 ? [] : [{ ...common, role: "mergedInto", other: subject } as const]),
      ];
    }),
    ...overridden.map(
      (policy) =>
        ({
          policy: policyKey(policy),
          gateway,
          role: "overridden",
          other: subject,
          pointer: "",
          findings: [],
        }) as const,
    ),
  ];
}
