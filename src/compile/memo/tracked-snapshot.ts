import type { Steps } from "../../base/steps.ts";
import type { SecretKey } from "../../ir/tls.ts";
import { type Kind, kindNames, type Resource } from "../../resource/kinds.ts";
import { changedObjects, type ObjectChange } from "../../store/changed-objects.ts";
import { compareKeys, indexObjects, keyIn, keyOf } from "../../store/create-snapshot.ts";
import type { Snapshot } from "../../store/snapshot.ts";
import type { SnapshotIndex } from "../../store/snapshot-index.ts";
import { type CompileOptions, nothingRetained, type RetainedSecrets } from "../compile-options.ts";

/** Whoever made something from objects. */
export type Reader = {
  /** What it has read, so that it can be forgotten. Kept by the {@link TrackedSnapshot}. */
  readonly reads: Set<Set<Reader>>;
  /** Something that it has read is not what it was. Told once; nothing more is told before it reads again. */
  touch(): void;
};

type KindState = {
  list: readonly Resource[];
  /** Who has read the list. */
  readonly whole: Set<Reader>;
  /** Who has asked for an object, by its key, whether or not there is one. */
  readonly byKey: Map<string, Set<Reader>>;
  readonly indexes: Map<SnapshotIndex, IndexState>;
};

type IndexState = {
  readonly found: Map<string, readonly Resource[]>;
  readonly readers: Map<string, Set<Reader>>;
};

/** Up to so many names are not worth being looked for. */
const fewNames = 1000;

/**
 * The objects as they are now, through which a compilation reads them. It remembers who has read what, by name and by key of
 * an index, also what was looked for in vain; when a next snapshot takes the place of this one, those who have read what
 * changed are told. Indexes are brought up to date by the changes alone.
 */
export class TrackedSnapshot implements Snapshot {
  readonly #kinds: ReadonlyMap<Kind, KindState> = new Map(
    kindNames.map((kind) => [kind, { list: [], whole: new Set(), byKey: new Map(), indexes: new Map() }]),
  );
  readonly #retainedReaders = new Map<SecretKey, Set<Reader>>();
  readonly #until = new Map<Reader, number>();
  #retained: RetainedSecrets = nothingRetained;
  /** About how many names nobody asks for any more, and from how many on they are looked for. */
  #unread = 0;
  #sweepAt = fewNames;
  #snapshot: Snapshot | undefined;
  /** How often something has been made since the last `advance`. */
  recorded = 0;
  #reader: Reader | undefined;

  /** Takes `next` and `options` for what there is. Returns the objects of each kind that differ. */
  advance(
    next: Snapshot,
    options: Pick<CompileOptions, "retained" | "nowMs">,
  ): ReadonlyMap<Kind, readonly ObjectChange[]> {
    this.#snapshot = next;
    this.recorded = 0;
    const retained = this.#retained;
    this.#retained = options.retained;
    for (const key of [...this.#retainedReaders.keys()]) {
      if (retained.get(key) !== options.retained.get(key)) tellOf(this.#retainedReaders, key);
    }
    for (const [reader, ms] of [...this.#until]) {
      if (ms > options.nowMs) continue;
      this.forget(reader);
      reader.touch();
    }
    const all = new Map<Kind, readonly ObjectChange[]>();
    for (const [kind, state] of this.#kinds) {
      const list: readonly Resource[] = next.list(kind);
      const changes = changedObjects(state.list, list);
      state.list = list;
      if (changes.length === 0) continue;
      all.set(kind, changes);
      tell(state.whole);
      for (const change of changes) applyChange(state, change);
    }
    if (this.#unread > this.#sweepAt) this.#sweep();
    return all;
  }

  /** Drops names that nobody asks for any more. Seldom enough to cost nothing for each of them. */
  #sweep(): void {
    const all = [...this.#kinds.values()].flatMap(({ byKey, indexes }) => [
      byKey,
      ...[...indexes.values()].map(({ readers }) => readers),
    ]);
    let left = 0;
    for (const names of [...all, this.#retainedReaders]) {
      for (const [name, readers] of names) if (readers.size === 0) names.delete(name);
      left += names.size;
    }
    this.#unread = 0;
    this.#sweepAt = Math.max(fewNames, left);
  }

  /** Runs `read` with everything that it reads put down to `reader`, in place of what `reader` has read before. */
  record<T>(reader: Reader, read: () => T): T {
    this.forget(reader);
    this.recorded++;
    const outer = this.#reader;
    this.#reader = reader;
    try {
      return read();
    } finally {
      this.#reader = outer;
    }
  }

  /** The same for what reads in steps, between which nobody else may read. */
  *recordInSteps<T>(reader: Reader, read: () => Steps<T>): Steps<T> {
    this.forget(reader);
    this.recorded++;
    const outer = this.#reader;
    this.#reader = reader;
    try {
      return yield* read();
    } finally {
      this.#reader = outer;
    }
  }

  /** The retained Secrets, read like the objects. */
  readonly retained: Pick<RetainedSecrets, "get"> = {
    get: (key) => {
      if (this.#reader) this.#note(readersOf(this.#retainedReaders, key));
      return this.#retained.get(key);
    },
  };

  /** What is being made counts for no longer than that. Milliseconds since the epoch. */
  countsUntil(ms: number): void {
    const reader = this.#reader;
    if (reader) this.#until.set(reader, Math.min(ms, this.#until.get(reader) ?? ms));
  }

  /** Nothing is told to `reader` any more. */
  forget(reader: Reader): void {
    for (const readers of reader.reads) {
      readers.delete(reader);
      if (readers.size === 0) this.#unread++;
    }
    reader.reads.clear();
    this.#until.delete(reader);
  }

  list<K extends Kind>(kind: K): readonly Resource<K>[] {
    const state = this.#state(kind);
    this.#note(state.whole);
    return state.list as readonly Resource<K>[];
  }

  get<K extends Kind>(kind: K, namespace: string | undefined, name: string, group?: string): Resource<K> | undefined {
    if (this.#reader) this.#note(readersOf(this.#state(kind).byKey, keyIn(kind, namespace, name, group)));
    return this.#snapshot?.get(kind, namespace, name, group);
  }

  isEmpty(kind: Kind): boolean {
    const { list, whole } = this.#state(kind);
    if (list.length > 0) return false;
    this.#note(whole);
    return true;
  }

  find<K extends Kind>(by: SnapshotIndex<K>, key: string): readonly Resource<K>[] {
    const state = this.#state(by.kind);
    const index = by as unknown as SnapshotIndex;
    let known = state.indexes.get(index);
    if (known === undefined) {
      known = { found: indexObjects(state.list, index), readers: new Map() };
      state.indexes.set(index, known);
    }
    if (this.#reader) this.#note(readersOf(known.readers, key));
    return (known.found.get(key) ?? []) as readonly Resource<K>[];
  }

  #state(kind: Kind): KindState {
    return this.#kinds.get(kind)!;
  }

  #note(readers: Set<Reader>): void {
    if (this.#reader === undefined) return;
    readers.add(this.#reader);
    this.#reader.reads.add(readers);
  }
}

function readersOf(all: Map<string, Set<Reader>>, key: string): Set<Reader> {
  let readers = all.get(key);
  if (readers === undefined) {
    readers = new Set();
    all.set(key, readers);
  }
  return readers;
}

function applyChange(state: KindState, { before, after }: ObjectChange): void {
  tellOf(state.byKey, keyOf((before ?? after)!));
  for (const [by, { found, readers }] of state.indexes) {
    const keys = new Set([...(before ? by.keysOf(before) : []), ...(after ? by.keysOf(after) : [])]);
    const isIn = new Set(after ? by.keysOf(after) : []);
    for (const key of keys) {
      const rest = (found.get(key) ?? []).filter((object) => object !== before);
      const objects = after && isIn.has(key) ? [...rest, after].sort(compareKeys) : rest;
      if (objects.length > 0) found.set(key, objects);
      else found.delete(key);
      tellOf(readers, key);
    }
  }
}

/** The name is dropped: the next who asks makes it anew. */
function tellOf(all: Map<string, Set<Reader>>, key: string): void {
  const readers = all.get(key);
  if (readers === undefined) return;
  tell(readers);
  all.delete(key);
}

function tell(readers: Set<Reader>): void {
  for (const reader of [...readers]) {
    for (const read of reader.reads) if (read !== readers) read.delete(reader);
    reader.reads.clear();
    reader.touch();
  }
  readers.clear();
}
