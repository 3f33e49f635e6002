/** Changes of one field of an object: every one that its declaration gives reason to try, or one at random. */
import { isJsonObject, type JsonObject } from "../../src/resource/json.ts";
import type { FieldTree } from "../../src/resource/schema/field-tree.ts";
import type { Random } from "./random.ts";
import { least, mapKeys, ownValues, some, strangers } from "./values.ts";

type Path = readonly (string | number)[];

/** A change at a place. `value` undefined: the field is taken away. */
export type Edit = { readonly path: Path; readonly value: unknown; readonly what: string };

/** The object with the change made. Shares what did not change. */
export function edited(object: JsonObject, { path, value }: Edit): JsonObject {
  return replaceAt(object, path, value) as JsonObject;
}

function replaceAt(at: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(at)) return at.map((item, index) => (index === key ? replaceAt(item, rest, value) : item));
  const next = rest.length === 0 ? value : replaceAt((at as JsonObject)[key], rest, value);
  const copy: Record<string, unknown> = { ...(at as JsonObject) };
  if (next === undefined) delete copy[key];
  // Not by assignment: `__proto__` is a name like any other.
  else Object.defineProperty(copy, key, { value: next, enumerable: true, configurable: true, writable: true });
  return copy;
}

/** Every change of one field that the declaration suggests. Lists are followed into their first and last entry. */
export function* everyEdit(value: unknown, tree: FieldTree, path: Path = []): Generator<Edit> {
  const edit = (what: string, changed: unknown): Edit => ({ path, value: changed, what });
  if (path.length > 0) {
    yield edit("left out", undefined);
    for (const stranger of strangers) yield edit(`is ${JSON.stringify(stranger)}`, stranger);
    const { good, bad } = ownValues(tree);
    for (const own of [...good, ...bad]) yield edit("own type", own);
  }
  if (Array.isArray(value) && tree.items !== undefined) yield* listEdits(value, tree, path);
  if (isJsonObject(value)) yield* mappingEdits(value, tree, path);
}

function* listEdits(list: readonly unknown[], tree: FieldTree, path: Path): Generator<Edit> {
  const items = tree.items as FieldTree;
  const [first, last] = [list[0], list.at(-1)];
  const filled = (length: number) =>
    Array.from({ length }, (_, index) =>
      index < list.length ? list[index] : renamed(first ?? least(items), items, index),
    );
  yield { path, value: [], what: "no entries" };
  if (first !== undefined) {
    yield { path, value: [...list, last], what: "last entry twice" };
    yield { path, value: [null], what: "null entry" };
    yield { path, value: [...list, renamed(last, items, 7)], what: "similar entry" };
  }
  yield { path, value: [...list, least(items)], what: "least entry" };
  for (const length of [tree.minItems, tree.maxItems, (tree.maxItems ?? -1) + 1]) {
    if (length !== undefined && length > 0 && length <= 1100)
      yield { path, value: filled(length), what: `${length} entries` };
  }
  for (const index of new Set([0, list.length - 1])) {
    if (index >= 0 && index < list.length) yield* everyEdit(list[index], items, [...path, index]);
  }
}

function* mappingEdits(value: JsonObject, tree: FieldTree, path: Path): Generator<Edit> {
  if (path.length > 0) yield { path: [...path, "unknownField"], value: "x", what: "unknown field" };
  for (const [name, child] of Object.entries(tree.properties ?? {})) {
    if (Object.hasOwn(value, name)) yield* everyEdit(value[name], child, [...path, name]);
    else {
      yield { path: [...path, name], value: least(child), what: "added" };
      if (child.items !== undefined) yield { path: [...path, name], value: [least(child.items)], what: "added" };
      yield { path: [...path, name], value: null, what: "added as null" };
      for (const own of ownValues(child).good.slice(0, 12)) yield { path: [...path, name], value: own, what: "added" };
    }
  }
  if (tree.properties !== undefined || typeof tree.additionalProperties !== "object") return;
  const [sample] = ownValues(tree.additionalProperties).good;
  for (const key of mapKeys) yield { path: [...path, key], value: sample ?? "x", what: "key" };
  for (const size of [tree.minProperties, tree.maxProperties, (tree.maxProperties ?? -1) + 1]) {
    if (size === undefined || size <= 0) continue;
    const entries = Array.from({ length: size }, (_, index) => [`key-${index}`, sample ?? "x"]);
    yield { path, value: Object.fromEntries(entries), what: `${size} members` };
  }
  for (const [key, member] of Object.entries(value).slice(0, 1))
    yield* everyEdit(member, tree.additionalProperties, [...path, key]);
}

/** An entry that differs from another in its names, so that only the length of the list is in question. */
function renamed(entry: unknown, tree: FieldTree, index: number): unknown {
  if (typeof entry === "string")
    return tree.enum === undefined ? `${entry.startsWith("/") ? "/" : ""}a${index}.example.com` : entry;
  if (typeof entry === "number") return entry + index;
  if (!isJsonObject(entry)) return entry;
  const name = (["name", "key", "port"] as const).find((field) => tree.properties?.[field] !== undefined);
  if (name === undefined) return entry;
  return { ...entry, [name]: name === "port" ? 1000 + index : `a${index}` };
}

/** One change at a random place: a field added, taken away, or given another value. */
export function randomEdit(object: JsonObject, tree: FieldTree, random: Random): Edit {
  let [at, declared, path]: [unknown, FieldTree, Path] = [object, tree, []];
  for (;;) {
    const inner = childrenOf(at, declared);
    if (inner.length === 0 || (path.length > 1 && random.next() < 0.25)) break;
    // Every kind has the same metadata.
    const [head, ...rest] = inner;
    const next =
      head?.key === "metadata" && rest.length > 0 && random.next() < 0.95 ? random.pick(rest) : random.pick(inner);
    [at, declared, path] = [next.value, next.tree, [...path, next.key]];
    if (next.value === undefined) break;
  }
  if (at === undefined) return { path, value: some(declared, random), what: "added at random" };
  const chance = random.next();
  if (chance < 0.2 && path.length > 1) return { path, value: undefined, what: "left out at random" };
  if (Array.isArray(at) && chance < 0.7 && declared.items !== undefined && at.length < 4)
    return { path, value: [...at, some(declared.items, random)], what: "entry at random" };
  return { path, value: some(declared, random), what: "another at random" };
}

type Child = { readonly key: string | number; readonly value: unknown; readonly tree: FieldTree };

function childrenOf(at: unknown, tree: FieldTree): readonly Child[] {
  if (Array.isArray(at) && tree.items !== undefined) {
    const { items } = tree;
    return at.map((value, key) => ({ key, value, tree: items }));
  }
  if (!isJsonObject(at) || tree.properties === undefined) return [];
  return Object.entries(tree.properties).map(([key, child]) => ({ key, value: at[key], tree: child }));
}
