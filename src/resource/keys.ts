/** Keys are plain strings with a brand: only the functions here make one, so a key is never built by hand elsewhere. */
declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

/**
 * `namespace/name`; cluster-scoped objects have an empty namespace: `/name`. Objects of a kind's twin have its group behind
 * their name: `namespace/name/group`.
 */
export type NamespacedName = Branded<"NamespacedName">;

/** Key of an object inside its kind. */
export function namespacedName(namespace: string | undefined, name: string, twinGroup?: string): NamespacedName {
  const own = `${namespace ?? ""}/${name}`;
  return (twinGroup === undefined ? own : `${own}/${twinGroup}`) as NamespacedName;
}

/** Key of an object of the kind's twin that has this key in its own group. */
export function keyOfTwin(key: NamespacedName, group: string): NamespacedName {
  return `${key}/${group}` as NamespacedName;
}
