import type { Kind, Resource } from "../resource/kinds.ts";

/** A way to look objects of a kind up by something that they say. Compared by identity: make each once, at the top of a module. */
export type SnapshotIndex<K extends Kind = Kind> = {
  readonly kind: K;
  /** Under which keys the object is found. */
  keysOf(resource: Resource<K>): readonly string[];
};

/** Objects by their namespace; `""` for cluster-scoped kinds. */
export function indexByNamespace<K extends Kind>(kind: K): SnapshotIndex<K> {
  return { kind, keysOf: ({ metadata }) => [metadata.namespace ?? ""] };
}

/** Objects of all namespaces by their name. */
export function indexByName<K extends Kind>(kind: K): SnapshotIndex<K> {
  return { kind, keysOf: ({ metadata }) => [metadata.name] };
}
