import { noteRange } from "../base/list-origin.ts";
import { changesOf, copyRecord, noteChanges, setMember } from "../base/record-changes.ts";
import { type ArrayEdit, arrayEdits } from "./array-edits.ts";

/** What makes one plain JSON value out of another. JSON itself. */
export type Delta =
  | { readonly kind: "replace"; readonly value: unknown }
  /** Pairs, not members: a key such as `__proto__` is then data like any other. */
  | {
      readonly kind: "object";
      readonly change: readonly (readonly [key: string, delta: Delta])[];
      readonly remove: readonly string[];
    }
  | { readonly kind: "array"; readonly edits: readonly ArrayEdit[] };

/** A delta does not fit the value that it is applied to, or is none. */
export class DeltaError extends Error {
  override readonly name = "DeltaError";
}

/**
 * The delta from `before` to `after`; `undefined` when they are equal. Parts that are the very same (`===`) cost nothing.
 * Members that are `undefined` count as absent. For plain JSON values only.
 */
export function deltaOf(before: unknown, after: unknown): Delta | undefined {
  if (before === after) return undefined;
  if (Array.isArray(before) && Array.isArray(after)) {
    const edits = arrayEdits(before, after, deltaOf);
    return edits.length === 0 ? undefined : { kind: "array", edits };
  }
  if (isRecord(before) && isRecord(after)) return objectDelta(before, after);
  return { kind: "replace", value: after };
}

/**
 * The value that a delta makes of `before`, which is left as it is; the two share every part that did not change.
 * Throws {@link DeltaError} when the delta is not one for `before`.
 */
export function applyDelta(before: unknown, delta: Delta): unknown {
  switch (delta.kind) {
    case "replace":
      return delta.value;
    case "object":
      return changeObject(before, delta);
    case "array":
      return changeArray(before, delta.edits);
    default:
      throw new DeltaError("unknown kind of delta");
  }
}

type JsonRecord = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectDelta(before: JsonRecord, after: JsonRecord): Delta | undefined {
  const change: (readonly [string, Delta])[] = [];
  const { set, gone: remove } = changesOf(before, after);
  for (const key of set) {
    const old = own(before, key);
    const delta: Delta | undefined =
      old === undefined ? { kind: "replace", value: after[key] } : deltaOf(old, after[key]);
    if (delta !== undefined) change.push([key, delta]);
  }
  return change.length + remove.length === 0 ? undefined : { kind: "object", change, remove };
}

function own(value: JsonRecord, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function changeObject(before: unknown, { change, remove }: Extract<Delta, { readonly kind: "object" }>): unknown {
  if (!isRecord(before)) throw new DeltaError("a delta for an object meets something else");
  const after = copyRecord(before);
  for (const key of remove) delete after[key];
  for (const [key, delta] of change) setMember(after, key, applyDelta(own(before, key), delta));
  const gone = remove.filter((key) => own(after, key) === undefined);
  noteChanges(after, before, { set: change.map(([key]) => key), gone });
  return after;
}

function changeArray(before: unknown, edits: readonly ArrayEdit[]): unknown {
  if (!Array.isArray(before)) throw new DeltaError("a delta for an array meets something else");
  const after: unknown[] = [];
  let at = 0;
  for (const edit of edits) {
    if (edit.at < at || edit.at > before.length) throw new DeltaError("an edit lies outside of its array");
    while (at < edit.at) after.push(before[at++]);
    if ("change" in edit) after.push(applyDelta(before[at++], edit.change));
    else {
      for (const value of edit.insert) after.push(value);
      at += edit.remove;
    }
  }
  const start = edits[0]?.at ?? before.length;
  const differing = { start, end: at, newEnd: after.length };
  while (at < before.length) after.push(before[at++]);
  noteRange(after, before, differing);
  return after;
}
