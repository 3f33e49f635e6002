/**
 * A person's edits and a new conversion, brought together: what was written last time is the base of both. Nobody's words are lost
 * in silence. Where both changed the same field the person's stays, and a conflict tells of it.
 */

import type { Document } from "yaml";
import { sameJson } from "../../../base/same-json.ts";
import { isJsonObject, type JsonObject } from "../../../resource/json.ts";

type Path = readonly (string | number)[];

/** A field that both sides changed, each in its own way. */
export type EditConflict = {
  readonly path: Path;
  /** `undefined`: it is gone. */
  readonly edited: unknown;
  readonly converted: unknown;
};

type Change = { readonly path: Path; readonly from: unknown; readonly to: unknown };

/**
 * Carries the changes from `base` to `converted` into the document, field by field, so that comments and the order of fields stay.
 * Lists are merged by the `name` of their members where all have one, lists of texts as sets; any other list is one field.
 */
export function mergeEdits(document: Document, base: JsonObject, converted: JsonObject): readonly EditConflict[] {
  const conflicts: EditConflict[] = [];
  const edited: unknown = document.toJS();
  for (const change of changesOf(base, converted, [])) {
    const path = placeOf(edited, change.path);
    const current = path === undefined ? undefined : valueAt(edited, path);
    if (sameJson(current, change.to)) continue;
    if (path !== undefined && isTextSet(current) && isTextSet(change.from) && isTextSet(change.to)) {
      mergeSet(document, path, { edited: current, from: change.from, to: change.to });
    } else if (path === undefined || !sameJson(current, change.from)) {
      conflicts.push({ path: change.path, edited: current, converted: change.to });
    } else if (change.to === undefined) {
      document.deleteIn(path);
    } else {
      document.setIn(path, document.createNode(change.to));
    }
  }
  return conflicts;
}

function isTextSet(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.every((member) => typeof member === "string") && new Set(value).size === value.length
  );
}

type SetChange = {
  readonly edited: readonly string[];
  readonly from: readonly string[];
  readonly to: readonly string[];
};

/** Takes out of the person's list what conversion took out, and puts behind it what conversion put in. */
function mergeSet(document: Document, path: Path, { edited, from, to }: SetChange): void {
  for (const [index, text] of [...edited.entries()].reverse()) {
    if (from.includes(text) && !to.includes(text)) document.deleteIn([...path, index]);
  }
  for (const text of to) {
    if (!from.includes(text) && !edited.includes(text)) document.addIn(path, text);
  }
}

/** Fields that differ, the deepest that tell the difference. Members of named lists are addressed as `name=…`. */
function changesOf(from: unknown, to: unknown, path: Path): readonly Change[] {
  if (sameJson(from, to)) return [];
  if (isJsonObject(from) && isJsonObject(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return keys.flatMap((key) => changesOf(from[key], to[key], [...path, key]));
  }
  const [before, after] = [namedMembers(from), namedMembers(to)];
  // Only members that both have: what comes in between or goes is a matter of order, which a list as a whole tells.
  if (before && after && sameJson([...before.keys()], [...after.keys()])) {
    return [...after].flatMap(([name, member]) => changesOf(before.get(name), member, [...path, memberKey(name)]));
  }
  return [{ path, from, to }];
}

const memberKey = (name: string): string => `name=${name}`;

function namedMembers(list: unknown): ReadonlyMap<string, JsonObject> | undefined {
  if (!Array.isArray(list)) return undefined;
  const members = new Map<string, JsonObject>();
  for (const member of list) {
    if (!isJsonObject(member) || typeof member["name"] !== "string" || members.has(member["name"])) return undefined;
    members.set(member["name"], member);
  }
  return members;
}

/** The path with each `name=…` as the index that it has in the edited object; `undefined` when that member is gone. */
function placeOf(edited: unknown, path: Path): Path | undefined {
  const place: (string | number)[] = [];
  let value = edited;
  for (const part of path) {
    let key = part;
    if (Array.isArray(value)) {
      key = value.findIndex((member) => isJsonObject(member) && memberKey(String(member["name"])) === part);
      if (key === -1) return undefined;
    }
    place.push(key);
    value = valueAt(value, [key]);
  }
  return place;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (held, key) =>
      typeof held === "object" && held !== null ? (held as Record<string | number, unknown>)[key] : undefined,
    value,
  );
}
