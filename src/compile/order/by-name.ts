/** Order by code unit, the same in every locale. */
export function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

type Named = { readonly metadata: { readonly namespace?: string | undefined; readonly name: string } };

/** Order by namespace, then name. */
export function byName(a: Named, b: Named): number {
  return (
    compareText(a.metadata.namespace ?? "", b.metadata.namespace ?? "") || compareText(a.metadata.name, b.metadata.name)
  );
}
