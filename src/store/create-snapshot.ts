import { type NamespacedName, namespacedName } from "../resource/keys.ts";
import type { Kind, Resource } from "../resource/kinds.ts";
import type { Snapshot } from "./snapshot.ts";

/** Objects of one kind by namespace and name. */
export type KindIndex = ReadonlyMap<NamespacedName, Resource>;

/** Key of a resource inside its kind. */
export function keyOf(resource: Resource): NamespacedName {
  return namespacedName(resource.metadata.namespace, resource.metadata.name);
}

/** A frozen snapshot of the given objects; of two with the same kind, namespace and name the last one counts. */
export function createSnapshot(resources: readonly Resource[]): Snapshot {
  const indexes = new Map<Kind, Map<NamespacedName, Resource>>();
  for (const resource of resources) {
    let index = indexes.get(resource.kind);
    if (index === undefined) {
      index = new Map();
      indexes.set(resource.kind, index);
    }
    index.set(keyOf(resource), resource);
  }
  return snapshotOf(indexes);
}

const none: readonly Resource[] = Object.freeze([]);
const lists = new WeakMap<KindIndex, readonly Resource[]>();

/** A snapshot over indexes that no one changes any more. Snapshots with the same index of a kind give the same list of it. */
export function snapshotOf(indexes: ReadonlyMap<Kind, KindIndex>): Snapshot {
  return Object.freeze({
    list<K extends Kind>(kind: K): readonly Resource<K>[] {
      const index = indexes.get(kind);
      return (index === undefined ? none : listOf(index)) as readonly Resource<K>[];
    },
    get<K extends Kind>(kind: K, namespace: string | undefined, name: string): Resource<K> | undefined {
      return indexes.get(kind)?.get(namespacedName(namespace, name)) as Resource<K> | undefined;
    },
  });
}

function listOf(index: KindIndex): readonly Resource[] {
  let list = lists.get(index);
  if (list === undefined) {
    list = Object.freeze([...index.values()]);
    lists.set(index, list);
  }
  return list;
}
