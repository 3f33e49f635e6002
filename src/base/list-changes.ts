/** What differs between two lists, by identity of their elements. An element that changed its place may be in both. */
export type ListChanges<T> = { readonly came: readonly T[]; readonly gone: readonly T[] };

/**
 * What came and what went from one list to another, in each of which an element stands at most once. Costs comparisons of
 * references, and looks into no element: few changes are found in one pass, others by a set of what is left.
 */
export function listChanges<T>(before: readonly T[], after: readonly T[]): ListChanges<T> {
  if (before === after) return { came: [], gone: [] };
  const came: T[] = [];
  const gone: T[] = [];
  let at = 0;
  let newAt = 0;
  while (at < before.length && newAt < after.length) {
    if (before[at] === after[newAt]) {
      at++;
      newAt++;
    } else if (before[at + 1] === after[newAt + 1]) {
      gone.push(before[at++]!);
      came.push(after[newAt++]!);
    } else if (before[at + 1] === after[newAt]) gone.push(before[at++]!);
    else if (before[at] === after[newAt + 1]) came.push(after[newAt++]!);
    else break;
  }
  const rest = new Set(before.slice(at));
  for (; newAt < after.length; newAt++) if (!rest.delete(after[newAt]!)) came.push(after[newAt]!);
  for (const element of rest) gone.push(element);
  return { came, gone };
}
