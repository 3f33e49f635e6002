import type { Resource } from "../resource/kinds.ts";
import { keyOf } from "./create-snapshot.ts";

/** One object as it was and as it is. At least one of the two is there. */
export type ObjectChange = { readonly before: Resource | undefined; readonly after: Resource | undefined };

/**
 * What differs between two lists of one kind. Lists of successive snapshots mostly agree at both ends, so that little more
 * than what changed is looked at; an order of its own costs time and makes no difference.
 */
export function changedObjects(before: readonly Resource[], after: readonly Resource[]): readonly ObjectChange[] {
  if (before === after) return [];
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const gone = new Map(before.slice(start, before.length - end).map((object) => [keyOf(object), object]));
  const changes: ObjectChange[] = [];
  for (const object of after.slice(start, after.length - end)) {
    const known = gone.get(keyOf(object));
    gone.delete(keyOf(object));
    if (known !== object) changes.push({ before: known, after: object });
  }
  for (const object of gone.values()) changes.push({ before: object, after: undefined });
  return changes;
}
