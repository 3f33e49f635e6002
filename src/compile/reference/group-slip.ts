/** A reference by group and kind, defaults applied. */
type KindRef = { readonly group: string; readonly kind: string };

/** What is wrong with a reference's group, as a clause, and what to write instead. */
export type GroupSlip = { readonly reason: string; readonly fix: string };

/**
 * For a reference to a kind that may not stand there: that only its group is wrong. `undefined` when the kind is none of
 * `supported`, which are written `group/kind`, or the group is right.
 */
export function groupSlip({ group, kind }: KindRef, supported: readonly string[]): GroupSlip | undefined {
  const right = supported.find((one) => one.endsWith(`/${kind}`))?.slice(0, -kind.length - 1);
  if (right === undefined || right === group) return undefined;
  const written = right === "" ? 'in the core group, written ""' : `in group ${JSON.stringify(right)}`;
  return {
    reason: `${kind} is ${written}, not in group ${JSON.stringify(group)}`,
    fix: `Write \`group: ${JSON.stringify(right)}\`.`,
  };
}
