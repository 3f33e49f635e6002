import type { Kind, Resource } from "../resource/kinds.ts";
import type { SnapshotIndex } from "./snapshot-index.ts";

/**
 * Everything that the compiler may know, frozen at one moment. Only objects that passed validation are in it, with
 * defaults applied and old versions converted. Lists come in no promised order: the compiler sorts where order matters.
 */
export interface Snapshot {
  list<K extends Kind>(kind: K): readonly Resource<K>[];
  /** `namespace` is `undefined` for cluster-scoped kinds. `group`: the kind's own unless it is given, or its twin's. */
  get<K extends Kind>(kind: K, namespace: string | undefined, name: string, group?: string): Resource<K> | undefined;
  /** The objects that an index has under a key, in order of `namespace/name`. */
  find<K extends Kind>(index: SnapshotIndex<K>, key: string): readonly Resource<K>[];
  /**
   * Whether there is no object of a kind. Only the answer yes counts as read: whoever is told no has to go on by `get` or `find`,
   * which find nothing once the last object is gone.
   */
  isEmpty(kind: Kind): boolean;
}
