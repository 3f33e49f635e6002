import { makeFinding } from "../finding/catalogue.ts";
import type { Finding, ObjectRef, Position } from "../finding/finding.ts";
import type { NamespacedName } from "../resource/keys.ts";
import { groupKindOf, type Kind, type Resource } from "../resource/kinds.ts";
import { type KindIndex, keyOf, snapshotOf } from "./create-snapshot.ts";
import type { Snapshot } from "./snapshot.ts";

/** What one file (or another part of a source) says. An unchanged part is handed over as the same object again. */
export type SourcePart = {
  /** Path as the user gave it, `-` for standard input. */
  readonly file: string;
  /** Valid objects, in the order of the file. */
  readonly resources: readonly Resource[];
  readonly findings: readonly Finding[];
  /** Objects of kinds that are not read. */
  readonly ignored: readonly IgnoredObject[];
};

export type IgnoredObject = { readonly group: string; readonly kind: string; readonly position?: Position };

/** All that the sources say at one moment. */
export type StoreState = {
  /** Counts the changes; 0 before the first. */
  readonly version: number;
  readonly snapshot: Snapshot;
  readonly findings: readonly Finding[];
};

export type StoreListener = (state: StoreState) => void;

/**
 * Holds the objects of the sources and tells its listeners of every change. Objects, and the lists of kinds of which
 * nothing changed, keep their identity from one snapshot to the next.
 */
export class Store {
  #state: StoreState = { version: 0, snapshot: snapshotOf(new Map()), findings: [] };
  #indexes: ReadonlyMap<Kind, KindIndex> = new Map();
  #parts: readonly SourcePart[] = [];
  readonly #listeners = new Set<StoreListener>();

  get state(): StoreState {
    return this.#state;
  }

  /** Takes the place of everything before. Of two objects with the same kind and name the last one counts. Returns whether anything changed. */
  replace(parts: readonly SourcePart[]): boolean {
    if (parts.length === this.#parts.length && parts.every((part, index) => part === this.#parts[index])) return false;
    const previous = this.#indexes;
    const { indexes, findings } = indexParts(parts);
    for (const [kind, index] of indexes) {
      const before = previous.get(kind);
      if (before !== undefined && sameIndex(before, index)) indexes.set(kind, before);
    }
    const sameObjects =
      indexes.size === previous.size && [...indexes].every(([kind, index]) => previous.get(kind) === index);
    this.#parts = parts;
    this.#indexes = indexes;
    this.#state = Object.freeze({
      version: this.#state.version + 1,
      snapshot: sameObjects ? this.#state.snapshot : snapshotOf(indexes),
      findings: Object.freeze([...parts.flatMap((part) => part.findings), ...findings, ...ignoredFindings(parts)]),
    });
    for (const listener of this.#listeners) listener(this.#state);
    return true;
  }

  /** Calls the listener after every change, until the returned function is called. */
  subscribe(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}

function indexParts(parts: readonly SourcePart[]): {
  readonly indexes: Map<Kind, KindIndex>;
  readonly findings: readonly Finding[];
} {
  const indexes = new Map<Kind, Map<NamespacedName, Resource>>();
  const findings: Finding[] = [];
  for (const { resources } of parts) {
    for (const resource of resources) {
      let index = indexes.get(resource.kind);
      if (index === undefined) {
        index = new Map();
        indexes.set(resource.kind, index);
      }
      const key = keyOf(resource);
      const earlier = index.get(key);
      if (earlier !== undefined) findings.push(repeatedFinding(earlier, resource));
      index.set(key, resource);
    }
  }
  return { indexes, findings };
}

function sameIndex(one: KindIndex, other: KindIndex): boolean {
  if (one.size !== other.size) return false;
  const others = other.entries();
  for (const [key, resource] of one) {
    const next = others.next();
    if (next.done || next.value[0] !== key || next.value[1] !== resource) return false;
  }
  return true;
}

function refOf(resource: Resource): ObjectRef {
  const { name, namespace } = resource.metadata;
  const { group, kind } = groupKindOf(resource);
  return {
    kind,
    group,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  };
}

function repeatedFinding(earlier: Resource, later: Resource): Finding {
  const [first, last] = [earlier.origin?.at(""), later.origin?.at("")];
  const object = refOf(earlier);
  const title = `${object.kind} ${object.namespace === undefined ? "" : `${object.namespace}/`}${object.name}`;
  const where = last === undefined ? "" : ` at ${last.file}:${last.line}`;
  return makeFinding("object-repeated", {
    object,
    ...(first === undefined ? {} : { position: first }),
    message: `${title} is defined again${where}; that definition is used, this one is not.`,
    fix: "Remove one of the two, or give one another name.",
  });
}

/** One finding per kind, at the first object of it. */
function ignoredFindings(parts: readonly SourcePart[]): readonly Finding[] {
  const byKind = new Map<string, { readonly first: IgnoredObject; count: number }>();
  for (const ignored of parts.flatMap((part) => part.ignored)) {
    const key = `${ignored.group}/${ignored.kind}`;
    const seen = byKind.get(key);
    if (seen === undefined) byKind.set(key, { first: ignored, count: 1 });
    else seen.count++;
  }
  return [...byKind.values()].map(({ first, count }) =>
    makeFinding("kind-ignored", {
      object: { kind: first.kind, group: first.group, name: "" },
      ...(first.position === undefined ? {} : { position: first.position }),
      message: `${count === 1 ? "1 object" : `${count} objects`} of kind ${first.kind}${first.group === "" ? "" : ` (${first.group})`} ${count === 1 ? "is" : "are"} ignored.`,
      fix: "No action needed, unless a route refers to them.",
    }),
  );
}
