import { type NamespacedName, namespacedName } from "../resource/keys.ts";
import { type Kind, type Resource, twinGroupOf, twinOf } from "../resource/kinds.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SnapshotIndex } from "./snapshot-index.ts";

/** Objects of one kind, and of its twin, by namespace and name. */
export type KindIndex = ReadonlyMap<NamespacedName, Resource>;

/** Key of a resource inside its kind. */
export function keyOf(resource: Resource): NamespacedName {
  return namespacedName(resource.metadata.namespace, resource.metadata.name, twinGroupOf(resource));
}

/** Key of the object of a kind that has this name in `group`: the kind's own, unless it is given. */
export function keyIn(kind: Kind, namespace: string | undefined, name: string, group?: string): NamespacedName {
  return namespacedName(namespace, name, group !== undefined && group === twinOf(kind)?.group ? group : undefined);
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
const indexed = new WeakMap<readonly Resource[], Map<SnapshotIndex, Map<string, Resource[]>>>();

/** A snapshot over indexes that no one changes any more. Snapshots with the same index of a kind give the same list of it. */
export function snapshotOf(indexes: ReadonlyMap<Kind, KindIndex>): Snapshot {
  return Object.freeze({
    list<K extends Kind>(kind: K): readonly Resource<K>[] {
      const index = indexes.get(kind);
      return (index === undefined ? none : listOf(index)) as readonly Resource<K>[];
    },
    get<K extends Kind>(kind: K, namespace: string | undefined, name: string, group?: string): Resource<K> | undefined {
      return indexes.get(kind)?.get(keyIn(kind, namespace, name, group)) as Resource<K> | undefined;
    },
    isEmpty: (kind: Kind) => (indexes.get(kind)?.size ?? 0) === 0,
    find<K extends Kind>(by: SnapshotIndex<K>, key: string): readonly Resource<K>[] {
      const index = indexes.get(by.kind);
      if (index === undefined) return none as readonly Resource<K>[];
      return (indexOf(listOf(index), by as unknown as SnapshotIndex).get(key) ?? none) as readonly Resource<K>[];
    },
  });
}

/** Made when it is first asked for, and kept for as long as the list is the same. */
function indexOf(list: readonly Resource[], by: SnapshotIndex): ReadonlyMap<string, readonly Resource[]> {
  const ofList = indexed.get(list) ?? new Map<SnapshotIndex, Map<string, Resource[]>>();
  indexed.set(list, ofList);
  const index = ofList.get(by) ?? indexObjects(list, by);
  ofList.set(by, index);
  return index;
}

/** Objects under each of their keys, in order of `namespace/name`. */
export function indexObjects(objects: readonly Resource[], by: SnapshotIndex): Map<string, Resource[]> {
  const index = new Map<string, Resource[]>();
  for (const object of objects) {
    for (const key of new Set(by.keysOf(object))) {
      const found = index.get(key);
      if (found === undefined) index.set(key, [object]);
      else found.push(object);
    }
  }
  for (const found of index.values()) if (found.length > 1) found.sort(compareKeys);
  return index;
}

/** By `namespace/name`, for objects of one kind. */
export function compareKeys(a: Resource, b: Resource): number {
  const [x, y] = [keyOf(a), keyOf(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function listOf(index: KindIndex): readonly Resource[] {
  let list = lists.get(index);
  if (list === undefined) {
    list = Object.freeze([...index.values()]);
    lists.set(index, list);
  }
  return list;
}
