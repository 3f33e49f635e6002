import { nearestName } from "../base/nearest-name.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import type { FieldTree } from "./schema/field-tree.ts";

/** A field that the declaration does not have, and what it may have meant. */
export type UnknownField = {
  readonly path: readonly (string | number)[];
  /** A field beside it with nearly the same name. */
  readonly nearest?: string;
  /** Where in the same kind a field of exactly this name stands, as `spec.rules[].backendRefs`. */
  readonly elsewhere?: string;
};

/** Reported per object; more have one cause. */
const unknownLimit = 20;

const metadataFields: readonly string[] = [
  "name",
  "generateName",
  "namespace",
  "labels",
  "annotations",
  "finalizers",
  "ownerReferences",
  "managedFields",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "selfLink",
];

/** Fields of an object that its kind does not declare, in the order of the source, at most 20. */
export function unknownFields(raw: JsonObject, tree: FieldTree): readonly UnknownField[] {
  const metadata: FieldTree = { properties: Object.fromEntries(metadataFields.map((name) => [name, {}])) };
  const whole: FieldTree = {
    properties: { apiVersion: {}, kind: {}, metadata, status: {}, ...tree.properties },
  };
  const found: UnknownField[] = [];
  collect(raw, whole, [], { found, root: whole });
  return found;
}

type Search = { readonly found: UnknownField[]; readonly root: FieldTree };

function collect(value: unknown, tree: FieldTree, path: readonly (string | number)[], search: Search): void {
  if (Array.isArray(value)) {
    const { items } = tree;
    for (const [index, item] of value.entries())
      if (items !== undefined) collect(item, items, [...path, index], search);
    return;
  }
  const { properties } = tree;
  if (!isJsonObject(value) || properties === undefined) return;
  for (const [key, member] of Object.entries(value)) {
    if (search.found.length >= unknownLimit) return;
    const child = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (child !== undefined) {
      collect(member, child, [...path, key], search);
      continue;
    }
    // A field that is written already is not what this one was meant to be. Where there is one field alone, it is.
    const free = Object.keys(properties).filter((name) => !Object.hasOwn(value, name));
    const only = Object.keys(properties).length === 1 ? free[0] : undefined;
    const nearest = nearestName(key, free) ?? only;
    const place = nearest === undefined ? placeOf(key, search.root, "") : undefined;
    // Where this field stands already, or inside of what it would be moved to, moving it is no advice.
    const elsewhere = place !== undefined && !isAround(place, [...path, key]) ? place : undefined;
    search.found.push({
      path: [...path, key],
      ...(nearest === undefined ? {} : { nearest }),
      ...(elsewhere === undefined ? {} : { elsewhere }),
    });
  }
}

/** Whether a place, as {@link placeOf} tells it, is a field of the path or the path itself. */
function isAround(place: string, path: readonly (string | number)[]): boolean {
  const own = path.map((part) => (typeof part === "number" ? "[]" : `.${part}`)).join("");
  return `${own}.`.startsWith(`.${place}.`) || `${own}[`.startsWith(`.${place}[`);
}

/** The place nearest to the top where a field of this name stands. */
function placeOf(name: string, root: FieldTree, prefix: string): string | undefined {
  let level: { readonly tree: FieldTree; readonly at: string }[] = [{ tree: root, at: prefix }];
  while (level.length > 0) {
    const next: typeof level = [];
    for (const { tree, at } of level) {
      for (const [key, child] of Object.entries(tree.properties ?? {})) {
        const here = at === "" ? key : `${at}.${key}`;
        if (key === name) return here;
        next.push({ tree: child, at: here });
      }
      if (tree.items !== undefined) next.push({ tree: tree.items, at: `${at}[]` });
    }
    level = next;
  }
  return undefined;
}
