import { differingRange } from "../base/differing-range.ts";
import { noteRange } from "../base/list-origin.ts";
import { sameJson } from "../base/same-json.ts";
import type { Delta } from "./delta.ts";
import { digestOf } from "./digest.ts";

/** A change at an index of the array as it was before; edits are in ascending order and do not overlap. */
export type ArrayEdit =
  | { readonly at: number; readonly remove: number; readonly insert: readonly unknown[] }
  | { readonly at: number; readonly change: Delta };

/** Half-open ranges of the two arrays that stand for each other. */
type Gap = { readonly from: number; readonly to: number; readonly newFrom: number; readonly newTo: number };

/**
 * The edits from one array to the other: what they have in common at both ends is left out; between, elements that stayed
 * (in the longest order that both have) are anchors; between those, elements are changed one by one where their number stayed,
 * and replaced together where it did not.
 */
export function arrayEdits(
  before: readonly unknown[],
  after: readonly unknown[],
  delta: (before: unknown, after: unknown) => Delta | undefined,
): ArrayEdit[] {
  const differing = differingRange(before, after, sameJson);
  noteRange(after, before, differing);
  const { start, end, newEnd } = differing;
  const edits: ArrayEdit[] = [];
  for (const { from, to, newFrom, newTo } of gaps(before, after, {
    from: start,
    to: end,
    newFrom: start,
    newTo: newEnd,
  })) {
    if (to - from !== newTo - newFrom) {
      edits.push({ at: from, remove: to - from, insert: after.slice(newFrom, newTo) });
      continue;
    }
    for (let offset = 0; offset < to - from; offset++) {
      const change = delta(before[from + offset], after[newFrom + offset]);
      if (change !== undefined) edits.push({ at: from + offset, change });
    }
  }
  return edits;
}

/** What lies between the anchors of a range. */
function* gaps(before: readonly unknown[], after: readonly unknown[], range: Gap): Generator<Gap> {
  let from = range.from;
  let newFrom = range.newFrom;
  for (const [at, newAt] of anchors(before, after, range)) {
    if (at > from || newAt > newFrom) yield { from, to: at, newFrom, newTo: newAt };
    from = at + 1;
    newFrom = newAt + 1;
  }
  if (range.to > from || range.newTo > newFrom) yield { from, to: range.to, newFrom, newTo: range.newTo };
}

/** Elements that occur once on each side, in the longest ascending order: what a patience diff holds on to. */
function anchors(
  before: readonly unknown[],
  after: readonly unknown[],
  { from, to, newFrom, newTo }: Gap,
): readonly (readonly [at: number, newAt: number])[] {
  // Nothing can have stayed between a change of one element, or an insertion or removal alone.
  if (to === from || newTo === newFrom || (to - from === 1 && newTo - newFrom === 1)) return [];
  const places = new Map<string, number>();
  for (let at = from; at < to; at++) {
    const key = digestOf(before[at]);
    places.set(key, places.has(key) ? -1 : at);
  }
  const pairs: [number, number][] = [];
  const taken = new Set<string>();
  for (let newAt = newFrom; newAt < newTo; newAt++) {
    const key = digestOf(after[newAt]);
    const at = places.get(key);
    if (at === undefined || at < 0 || taken.has(key)) continue;
    taken.add(key);
    pairs.push([at, newAt]);
  }
  return longestAscending(pairs);
}

/** The longest subsequence whose first members ascend. `pairs` ascend in their second members. O(n log n). */
function longestAscending(pairs: readonly [number, number][]): readonly (readonly [number, number])[] {
  /** For each length, the pair that ends the best run of that length. */
  const ends: number[] = [];
  const previous: number[] = [];
  for (const [index, [at]] of pairs.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[ends[middle]!]![0] < at) low = middle + 1;
      else high = middle;
    }
    previous[index] = low === 0 ? -1 : ends[low - 1]!;
    ends[low] = index;
  }
  const run: [number, number][] = [];
  for (let index = ends.at(-1) ?? -1; index >= 0; index = previous[index]!) run.push(pairs[index]!);
  return run.reverse();
}
