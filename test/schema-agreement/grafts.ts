/** Objects with an entry in every list of their declaration, however deep: what is changed there has to be there first. */
import { isJsonObject, type JsonObject } from "../../src/resource/json.ts";
import type { FieldTree } from "../../src/resource/schema/field-tree.ts";
import type { Random } from "./random.ts";
import { least, some } from "./values.ts";

/** `entry` stands for any entry of a list. */
const entry = Symbol("entry");
type Step = string | typeof entry;
/** A list of the declaration, such as `spec.rules[].backendRefs[].filters`. */
type ListPlace = { readonly steps: readonly Step[]; readonly items: FieldTree };

/** An object that is taken, with the list that was put into it. */
export type Graft = {
  readonly object: JsonObject;
  readonly path: readonly (string | number)[];
  readonly list: FieldTree;
};
export type Grafts = {
  readonly grafts: readonly Graft[];
  /** Lists for which no entry was found that would be taken. */
  readonly barren: readonly string[];
};

/**
 * Puts into each list of the declaration what lists of the same name hold elsewhere in the seeds, one entry at a time; where
 * there is none, random entries until one is taken. `isTaken` says which objects may be changed further.
 */
export function graftLists(
  seeds: readonly JsonObject[],
  tree: FieldTree,
  { random, isTaken }: { readonly random: Random; readonly isTaken: (object: JsonObject) => boolean },
): Grafts {
  const places = [...listPlaces(tree, [])];
  const pool = collectEntries(seeds, tree);
  const hosts: JsonObject[] = [...seeds];
  const grafts: Graft[] = [];
  const barren: string[] = [];
  for (const { steps, items } of places) {
    // Best into an object that has all but the list already: of a union, the right member.
    const parent = steps.slice(0, -1);
    const [ready, others] = [
      hosts.filter((host) => isThere(host, parent)),
      hosts.filter((host) => !isThere(host, parent)),
    ];
    const nearest = [...ready, ...others].slice(0, 40);
    const found: Graft[] = [];
    for (const value of pool.get(nameOf(steps)) ?? []) {
      const graft = tryGraft(nearest, { steps, value, tree, isTaken });
      if (graft !== undefined) found.push(graft);
    }
    // Made-up entries are a stopgap.
    for (let tries = 0; found.length === 0 && tries < 64; tries++) {
      const value = tries === 0 ? least(items) : some(items, random);
      const graft = tryGraft(nearest.slice(0, 4), { steps, value, tree, isTaken });
      if (graft !== undefined) found.push(graft);
    }
    grafts.push(...found);
    // Lists inside of this one need a host that has it, with the right kind of entry.
    hosts.unshift(...found.map(({ object }) => object));
    if (found.length === 0 && !reaches(seeds, steps)) barren.push(render(steps));
  }
  return { grafts, barren };
}

function* listPlaces(tree: FieldTree, steps: readonly Step[]): Generator<ListPlace> {
  if (tree.items !== undefined) {
    yield { steps, items: tree.items };
    yield* listPlaces(tree.items, [...steps, entry]);
  }
  for (const [name, child] of Object.entries(tree.properties ?? {})) yield* listPlaces(child, [...steps, name]);
}

/** Entries of all lists, by the name of the list; each once. */
function collectEntries(seeds: readonly JsonObject[], tree: FieldTree): ReadonlyMap<string, readonly unknown[]> {
  const found = new Map<string, Map<string, unknown>>();
  for (const { steps } of listPlaces(tree, [])) {
    const entries = found.get(nameOf(steps)) ?? new Map<string, unknown>();
    found.set(nameOf(steps), entries);
    for (const seed of seeds)
      for (const list of valuesAt(seed, steps))
        if (Array.isArray(list)) for (const one of list) entries.set(JSON.stringify(one), one);
  }
  return new Map([...found].map(([name, entries]) => [name, someOfEachType([...entries.values()])]));
}

/** Entries of a union say by their `type` which fields they have. */
function someOfEachType(entries: readonly unknown[]): readonly unknown[] {
  const byType = Map.groupBy(entries, (one) => (isJsonObject(one) ? String(one["type"] ?? "") : ""));
  return [...byType.values()].flatMap((alike) => alike.slice(0, 6));
}

type Attempt = {
  readonly steps: readonly Step[];
  readonly value: unknown;
  readonly tree: FieldTree;
  readonly isTaken: (object: JsonObject) => boolean;
};

function tryGraft(hosts: readonly JsonObject[], { steps, value, tree, isTaken }: Attempt): Graft | undefined {
  for (const host of hosts) {
    const planted = plant(host, tree, { steps, value });
    if (planted === undefined || !isTaken(planted.value as JsonObject)) continue;
    return { object: planted.value as JsonObject, path: planted.path, list: planted.list };
  }
  return undefined;
}

type Planted = { readonly value: unknown; readonly path: readonly (string | number)[]; readonly list: FieldTree };

/** The host with the list at its place holding that one entry; what is missing on the way is added as its least value. */
function plant(
  host: unknown,
  tree: FieldTree,
  { steps, value }: { readonly steps: readonly Step[]; readonly value: unknown },
): Planted | undefined {
  const [step, ...rest] = steps;
  if (step === undefined) return { value: [value], path: [], list: tree };
  if (step === entry) {
    const items = tree.items as FieldTree;
    const list = Array.isArray(host) && host.length > 0 ? host : [least(items)];
    const inner = plant(list[0], items, { steps: rest, value });
    return inner && { ...inner, value: [inner.value, ...list.slice(1)], path: [0, ...inner.path] };
  }
  const child = tree.properties?.[step];
  if (child === undefined) return undefined;
  const fields = isJsonObject(host) ? host : (least(tree) as JsonObject);
  const inner = plant(fields[step], child, { steps: rest, value });
  return inner && { ...inner, value: { ...fields, [step]: inner.value }, path: [step, ...inner.path] };
}

function valuesAt(value: unknown, [step, ...rest]: readonly Step[]): readonly unknown[] {
  if (step === undefined) return [value];
  if (step === entry) return Array.isArray(value) ? value.flatMap((one) => valuesAt(one, rest)) : [];
  return isJsonObject(value) && Object.hasOwn(value, step) ? valuesAt(value[step], rest) : [];
}

/** Whether the place exists, by way of the first entry of each list. */
function isThere(value: unknown, [step, ...rest]: readonly Step[]): boolean {
  if (step === undefined) return value !== undefined;
  if (step === entry) return Array.isArray(value) && value.length > 0 && isThere(value[0], rest);
  return isJsonObject(value) && Object.hasOwn(value, step) && isThere(value[step], rest);
}

function reaches(seeds: readonly JsonObject[], steps: readonly Step[]): boolean {
  return seeds.some((seed) => valuesAt(seed, steps).some((list) => Array.isArray(list) && list.length > 0));
}

const nameOf = (steps: readonly Step[]): string => String(steps.findLast((step) => step !== entry) ?? "");

function render(steps: readonly Step[]): string {
  return steps
    .map((step) => (step === entry ? "[]" : `.${step}`))
    .join("")
    .slice(1);
}
