import type { Kind, Resource } from "../../resource/kinds.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { SnapshotIndex } from "../../store/snapshot-index.ts";
import { type Aged, compareAge } from "../order/age.ts";

/** What a policy applies to. */
export type TargetRef = {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly sectionName?: string;
};

type Policy = Aged & {
  readonly spec: { readonly targetRefs: readonly TargetRef[] };
};

/** One entry of a policy's targetRefs, and the policy that it loses to, if it does. */
export type TargetClaim<P> = {
  readonly policy: P;
  readonly target: TargetRef;
  /** Place in `spec.targetRefs`. */
  readonly index: number;
  readonly key: string;
  readonly winner: P | undefined;
};

/**
 * Every claim of every policy, the winners decided: for one target (and section) the oldest policy wins, then the one whose
 * namespace/name comes first. Policies come in any order. Spec: BackendTLSPolicySpec.targetRefs; GEP-713.
 */
export function claimTargets<P extends Policy>(policies: readonly P[]): readonly TargetClaim<P>[] {
  const winners = new Map<string, P>();
  const claims: TargetClaim<P>[] = [];
  for (const policy of [...policies].sort(compareAge)) {
    policy.spec.targetRefs.forEach((target, index) => {
      const key = targetKey(target, policy.metadata.namespace ?? "");
      const winner = winners.get(key);
      if (winner === undefined) winners.set(key, policy);
      // A target listed twice in one policy is no conflict.
      claims.push({ policy, target, index, key, winner: winner === policy ? undefined : winner });
    });
  }
  return claims;
}

/** Kinds of policies that name targets. */
type PolicyKind = { [K in Kind]: Resource<K> extends Policy ? K : never }[Kind];

/** Policies of a kind by what they name as their targets: see {@link targetKey}. */
export function indexByTarget<K extends PolicyKind>(kind: K): SnapshotIndex<K> {
  return {
    kind,
    keysOf: ({ metadata, spec }) => spec.targetRefs.map((target) => targetKey(target, metadata.namespace ?? "")),
  };
}

/** The policy in force for a target, by the same rule as {@link claimTargets}. */
export function findWinner<K extends PolicyKind>(
  snapshot: Snapshot,
  byTarget: SnapshotIndex<K>,
  key: string,
): Resource<K> | undefined {
  return [...snapshot.find(byTarget, key)].sort(compareAge)[0];
}

/** Names a target among all; policies reach into their own namespace only. */
export function targetKey(target: TargetRef, namespace: string): string {
  return `${target.group}/${target.kind}/${namespace}/${target.name}/${target.sectionName ?? ""}`;
}

/** `Service shop/web` or `port https of Service shop/web`, for messages. */
export function describeTarget(target: TargetRef, namespace: string): string {
  const object = `${target.kind} ${namespace}/${target.name}`;
  return target.sectionName === undefined ? object : `port ${target.sectionName} of ${object}`;
}
