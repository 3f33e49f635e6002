/** Half-open ranges of two lists that stand for each other: from `start` to `end` in the older, to `newEnd` in the newer. */
export type DifferingRange = { readonly start: number; readonly end: number; readonly newEnd: number };

/** What two lists do not have in common at their beginnings and ends; `same` defaults to identity. */
export function differingRange(
  before: readonly unknown[],
  after: readonly unknown[],
  same: (a: unknown, b: unknown) => boolean = Object.is,
): DifferingRange {
  let start = 0;
  while (start < before.length && start < after.length && same(before[start], after[start])) start++;
  let end = before.length;
  let newEnd = after.length;
  while (end > start && newEnd > start && same(before[end - 1], after[newEnd - 1])) {
    end--;
    newEnd--;
  }
  return { start, end, newEnd };
}
