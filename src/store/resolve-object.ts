import type { ObjectRef } from "../finding/finding.ts";
import { type Kind, kindOf, kinds, type Resource, twinOf } from "../resource/kinds.ts";
import type { Snapshot } from "./snapshot.ts";

/** What a reference says of its object beside the kind. */
export type NameInGroup = { readonly group: string; readonly namespace: string | undefined; readonly name: string };

/**
 * The object that a reference to a kind, or to its twin, means: the one of the group that is written, or else the one of the
 * other group, so that objects of both can refer to each other.
 */
export function resolveObject<K extends Kind>(
  snapshot: Pick<Snapshot, "get">,
  kind: K,
  { group, namespace, name }: NameInGroup,
): Resource<K> | undefined {
  const exact = snapshot.get(kind, namespace, name, group);
  const twin = twinOf(kind);
  if (exact !== undefined || twin === undefined) return exact;
  return snapshot.get(kind, namespace, name, group === twin.group ? kinds[kind].group : twin.group);
}

/** The object that a finding or a status is about; `undefined` where there is none, or Sluice does not know its kind. */
export function objectOf(snapshot: Pick<Snapshot, "get">, ref: ObjectRef): Resource | undefined {
  const kind = kindOf(ref.group, ref.kind);
  return kind && snapshot.get(kind, ref.namespace, ref.name, ref.group);
}
