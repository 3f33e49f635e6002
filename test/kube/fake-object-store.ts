import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "../../src/kube/kube-client.ts";

export type Json = Record<string, unknown>;
export type Metadata = Json & { name: string; namespace?: string; uid: string; resourceVersion: string };
export type StoredObject = Json & { apiVersion: string; kind: string; metadata: Metadata };

/** Where an object lives: the version is not part of it, since one object is served in several. */
export type Place = {
  readonly group: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name: string;
};

export type Change = {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly version: number;
  readonly place: Place;
  readonly object: StoredObject;
  /** As it was before; absent for `ADDED`. */
  readonly before?: StoredObject;
};

/** A refusal, as the API server words it. */
export class Refusal extends Error {
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** Objects with one counter of versions and a history, and the rules of writing that every kind has. */
export class FakeObjectStore {
  #version = 1;
  #compacted = 0;
  #uids = 0;
  readonly #objects = new Map<string, Map<string, StoredObject>>();
  #history: Change[] = [];
  /** Last applied by field manager, so that what is left out the next time is removed. */
  readonly #applied = new Map<string, Json>();
  readonly listeners = new Set<(change: Change) => void>();

  get version(): number {
    return this.#version;
  }

  list(group: string, plural: string, namespace?: string): readonly StoredObject[] {
    return [...(this.#objects.get(`${group}/${plural}`)?.entries() ?? [])]
      .filter(([, object]) => namespace === undefined || object.metadata.namespace === namespace)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, object]) => object);
  }

  get(place: Place): StoredObject | undefined {
    return this.#objects.get(`${place.group}/${place.plural}`)?.get(keyOf(place));
  }

  /** Changes after `version`; a {@link Refusal} of 410 when they are no longer known. */
  since(version: number): readonly Change[] {
    if (version < this.#compacted || version > this.#version) throw tooOld(version, this.#compacted);
    return this.#history.filter((change) => change.version > version);
  }

  /** Forgets all changes up to now. */
  expireHistory(): void {
    this.#compacted = ++this.#version;
    this.#history = [];
  }

  create(place: Place, object: KubeObject): StoredObject {
    if (this.get(place)) {
      throw new Refusal(409, "AlreadyExists", `${place.plural} "${place.name}" already exists`);
    }
    return this.#store("ADDED", place, this.#fresh(place, object));
  }

  /** `part`: what a write to this address may change; the rest stays as it is. */
  replace(place: Place, object: KubeObject, part: "object" | "status"): StoredObject {
    const current = this.#existing(place);
    const given = object["metadata"] as Partial<Metadata> | undefined;
    if (given?.resourceVersion !== undefined && given.resourceVersion !== current.metadata.resourceVersion) {
      const message = `Operation cannot be fulfilled on ${place.plural} "${place.name}": the object has been modified; please apply your changes to the latest version and try again`;
      throw new Refusal(409, "Conflict", message);
    }
    const { status, ...rest } = current;
    const next: Json =
      part === "status"
        ? { ...rest, ...("status" in object ? { status: object["status"] } : {}) }
        : { ...(object as Json), metadata: { ...current.metadata, ...given, ...identityOf(current) } };
    if (part === "object") {
      delete next["status"];
      if (status !== undefined) next["status"] = status;
    }
    return this.#update(place, current, next as StoredObject);
  }

  merge(place: Place, patch: KubeObject, part: "object" | "status"): StoredObject {
    const current = this.#existing(place);
    const merged = mergePatch(current, patch) as StoredObject;
    const wanted = (patch["metadata"] as Partial<Metadata> | undefined)?.resourceVersion;
    const metadata = { ...merged.metadata, resourceVersion: wanted ?? current.metadata.resourceVersion };
    return this.replace(place, { ...merged, metadata }, part);
  }

  /** Returns whether the object is new. What this manager applied before and leaves out now is removed. */
  apply(
    place: Place,
    object: KubeObject,
    manager: string,
  ): { readonly object: StoredObject; readonly created: boolean } {
    const memory = `${place.group}/${place.plural}/${keyOf(place)} ${manager}`;
    const before = this.get(place);
    const last = before === undefined ? undefined : this.#applied.get(memory);
    const intent = structuredClone(object) as Json;
    this.#applied.set(memory, intent);
    const target = structuredClone(before ?? {}) as Json;
    if (last) removeLeftOut(target, last, intent);
    const merged = mergeApplied(target, intent) as Json;
    const metadata = merged["metadata"] as Json;
    const others = ((metadata["managedFields"] as Json[] | undefined) ?? []).filter(
      (entry) => entry["manager"] !== manager,
    );
    metadata["managedFields"] = [...others, { manager, operation: "Apply" }];
    if (!before) return { object: this.create(place, merged), created: true };
    return { object: this.replace(place, merged, "object"), created: false };
  }

  /** With finalizers the object is only marked, as the API does it. */
  delete(place: Place, preconditions: { readonly uid?: string; readonly resourceVersion?: string } = {}): void {
    const current = this.#existing(place);
    const { uid, resourceVersion } = current.metadata;
    if (
      (preconditions.uid !== undefined && preconditions.uid !== uid) ||
      (preconditions.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion)
    ) {
      throw new Refusal(409, "Conflict", `Precondition failed for ${place.plural} "${place.name}"`);
    }
    if (((current.metadata["finalizers"] as unknown[] | undefined) ?? []).length > 0) {
      const metadata = { ...current.metadata, deletionTimestamp: new Date(0).toISOString() };
      this.#update(place, current, { ...current, metadata });
      return;
    }
    this.#objects.get(`${place.group}/${place.plural}`)?.delete(keyOf(place));
    this.#record("DELETED", place, current, current);
  }

  #existing(place: Place): StoredObject {
    const current = this.get(place);
    if (!current) throw new Refusal(404, "NotFound", `${place.plural} "${place.name}" not found`);
    return current;
  }

  #fresh(place: Place, object: KubeObject): StoredObject {
    const metadata = { ...(object["metadata"] as Json | undefined) };
    delete metadata["resourceVersion"];
    return {
      ...structuredClone(object as StoredObject),
      metadata: {
        ...metadata,
        name: place.name,
        ...(place.namespace === undefined ? {} : { namespace: place.namespace }),
        uid: `uid-${++this.#uids}`,
        creationTimestamp: new Date(this.#uids * 1000).toISOString().replace(".000", ""),
        // The kinds of the core group have none.
        ...(place.group === "" ? {} : { generation: 1 }),
        resourceVersion: "",
      },
    };
  }

  #update(place: Place, current: StoredObject, next: StoredObject): StoredObject {
    if (isDeepStrictEqual(next, current)) return current;
    const specOf = ({ metadata: _, status: __, ...rest }: Json): Json => rest;
    const generation = Number(current.metadata["generation"] ?? 1);
    const bumped = isDeepStrictEqual(specOf(next), specOf(current)) ? generation : generation + 1;
    const metadata: Metadata = { ...next.metadata, ...(place.group === "" ? {} : { generation: bumped }) };
    const finalizers = (metadata["finalizers"] as unknown[] | undefined) ?? [];
    if (metadata["deletionTimestamp"] !== undefined && finalizers.length === 0) {
      this.#objects.get(`${place.group}/${place.plural}`)?.delete(keyOf(place));
      return this.#record("DELETED", place, { ...next, metadata }, current);
    }
    return this.#store("MODIFIED", place, { ...next, metadata }, current);
  }

  #store(type: "ADDED" | "MODIFIED", place: Place, object: StoredObject, before?: StoredObject): StoredObject {
    const kind = `${place.group}/${place.plural}`;
    const table = this.#objects.get(kind) ?? new Map<string, StoredObject>();
    this.#objects.set(kind, table);
    const stored = this.#record(type, place, object, before);
    table.set(keyOf(place), stored);
    return stored;
  }

  #record(type: Change["type"], place: Place, object: StoredObject, before?: StoredObject): StoredObject {
    const version = ++this.#version;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    const change: Change = { type, version, place, object: stored, ...(before ? { before } : {}) };
    this.#history.push(change);
    for (const listener of this.listeners) listener(change);
    return stored;
  }
}

function tooOld(version: number, oldest: number): Refusal {
  return new Refusal(410, "Expired", `too old resource version: ${version} (${oldest})`);
}

function keyOf({ namespace, name }: Place): string {
  return `${namespace ?? ""}/${name}`;
}

function identityOf({ metadata }: StoredObject): Json {
  const { uid, creationTimestamp, generation, name, namespace, deletionTimestamp } = metadata;
  const all = { uid, creationTimestamp, generation, name, namespace, deletionTimestamp };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged: Json = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

function mergeApplied(target: unknown, intent: unknown): unknown {
  if (!isRecord(intent) || !isRecord(target)) return intent;
  const merged: Json = { ...target };
  for (const [key, value] of Object.entries(intent)) merged[key] = mergeApplied(merged[key], value);
  return merged;
}

function removeLeftOut(target: Json, last: Json, intent: Json): void {
  for (const [key, value] of Object.entries(last)) {
    const [now, there] = [intent[key], target[key]];
    if (now === undefined) delete target[key];
    else if (isRecord(value) && isRecord(now) && isRecord(there)) removeLeftOut(there, value, now);
  }
}
