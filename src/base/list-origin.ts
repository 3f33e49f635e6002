import type { DifferingRange } from "./differing-range.ts";

type List = readonly unknown[];
type Origin = { readonly before: WeakRef<List>; readonly range: DifferingRange };

/** From what each large list was made. The older list is held weakly: history must not pile up. */
const origins = new WeakMap<List, Origin>();
/** Shorter lists are compared again rather than remembered. */
const leastRemembered = 64;

/** Remembers from what a list was made, and outside of which range the two have equal elements. Lists must never change. */
export function noteRange(after: List, before: List, range: DifferingRange): void {
  if (after.length >= leastRemembered) origins.set(after, { before: new WeakRef(before), range });
}

/** The list that a list is known to have been made from, and where they differ; `undefined` when that is not known any more. */
export function listOriginOf(after: List): { readonly before: List; readonly range: DifferingRange } | undefined {
  const origin = origins.get(after);
  const before = origin?.before.deref();
  return before === undefined ? undefined : { before, range: origin!.range };
}
