import type { Resource } from "../../resource/kinds.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { SnapshotIndex } from "../../store/snapshot-index.ts";
import { compareAge } from "../order/age.ts";
import { type DirectKind, type InheritedKind, type Policy, type PolicyKind, policyKindNames } from "./policy-kinds.ts";
import type { PolicyTarget } from "./policy-target.ts";

/** What a policy applies to. */
export type TargetRef = {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly sectionName?: string;
};

/** One entry of a policy's targetRefs, and the policy that it loses to, if it does. */
export type TargetClaim<P extends Policy = Policy> = {
  readonly policy: P;
  readonly target: TargetRef;
  /** Where the policy names the target. */
  readonly pointer: string;
  readonly winner: P | undefined;
};

/** A reference to a target, and where the policy has it. */
type NamedTarget = { readonly target: TargetRef; readonly pointer: string };

/**
 * Every claim of every policy of a kind, by policy from the oldest on, the winners decided: for one target (and section) the
 * oldest policy wins, then the one whose namespace/name comes first. Spec: BackendTLSPolicySpec.targetRefs; GEP-713.
 */
export function claimTargets<P extends Policy>(policies: readonly P[]): ReadonlyMap<P, readonly TargetClaim<P>[]> {
  const winners = new Map<string, P>();
  const claims = new Map<P, readonly TargetClaim<P>[]>();
  for (const policy of [...policies].sort(compareAge)) {
    const ofPolicy = namedTargets(policy).map(({ target, pointer }) => {
      const key = targetKey(target, policy.metadata.namespace);
      const winner = winners.get(key);
      if (winner === undefined) winners.set(key, policy);
      // A target listed twice in one policy is no conflict.
      return { policy, target, pointer, winner: winner === policy ? undefined : winner };
    });
    claims.set(policy, ofPolicy);
  }
  return claims;
}

/** The targets that a policy names. */
export function namedTargets({ spec }: Policy): readonly NamedTarget[] {
  const many = (spec.targetRefs ?? []).map((target, index) => ({ target, pointer: `/spec/targetRefs/${index}` }));
  return "targetRef" in spec && spec.targetRef !== undefined
    ? [{ target: spec.targetRef, pointer: "/spec/targetRef" }, ...many]
    : many;
}

/** Policies of each kind by the targets that they name ({@link targetKey}), and by the kinds among which they select. */
const byTarget = Object.fromEntries(policyKindNames.map((kind) => [kind, indexByTarget(kind)])) as unknown as {
  readonly [K in PolicyKind]: SnapshotIndex<K>;
};

function indexByTarget<K extends PolicyKind>(kind: K): SnapshotIndex<K> {
  return {
    kind,
    keysOf: (object) => {
      // The resources of one policy kind are policies; the type system does not see that through the parameter.
      const policy = object as Policy;
      const selectors = "targetSelectors" in policy.spec ? (policy.spec.targetSelectors ?? []) : [];
      return [
        ...namedTargets(policy).map(({ target }) => targetKey(target, policy.metadata.namespace)),
        ...selectors.map(selectorKey),
      ];
    },
  };
}

/** The policy of a kind in force for one target (and section) by the rule of {@link claimTargets}. */
export function findWinner<K extends DirectKind>(
  snapshot: Snapshot,
  kind: K,
  target: TargetRef & { readonly namespace: string },
): Resource<K> | undefined {
  return [...snapshot.find<K>(byTarget[kind], targetKey(target, target.namespace))].sort(compareAge)[0];
}

/** The policies of a kind that may be attached to a target: those that name it or its Namespace, and those that select its kind. */
export function findCandidates(
  snapshot: Snapshot,
  kind: InheritedKind,
  { group, kind: targetKind, namespace, name, section }: PolicyTarget,
): readonly Resource<InheritedKind>[] {
  const ref = { group, kind: targetKind, name, ...(section === undefined ? {} : { sectionName: section.name }) };
  const index = byTarget[kind] as unknown as SnapshotIndex<InheritedKind>;
  const named = snapshot.find<InheritedKind>(index, targetKey(ref, namespace));
  return section === undefined ? [...named, ...snapshot.find<InheritedKind>(index, selectorKey(ref))] : named;
}

/** Names a target among all. References reach into the policy's own namespace only, but a Namespace is in none. */
function targetKey(target: TargetRef, namespace: string): string {
  const home = target.group === "" && target.kind === "Namespace" ? "" : namespace;
  return `${target.group}/${target.kind}/${home}/${target.name}/${target.sectionName ?? ""}`;
}

function selectorKey({ group, kind }: { readonly group: string; readonly kind: string }): string {
  return `${group}/${kind}`;
}

/** `Service shop/web` or `port https of Service shop/web`, for messages. */
export function describeTarget(target: TargetRef, namespace: string): string {
  const object = `${target.kind} ${target.kind === "Namespace" ? "" : `${namespace}/`}${target.name}`;
  const { sectionName } = target;
  if (sectionName === undefined) return object;
  const section = target.kind === "Service" ? "port" : target.kind.endsWith("Route") ? "rule" : "listener";
  return `${section} ${sectionName} of ${object}`;
}
