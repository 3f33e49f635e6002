/** API clients as they are looked up. */
export type ClientsByKey = {
  /** Ids by key. */
  readonly byKey: ReadonlyMap<string, string>;
  /** Ids of clients that have one key together: it does not tell who comes, so it lets nobody in. */
  readonly sharing: readonly (readonly string[])[];
  /** Ids that are named more than once: the first one counts. */
  readonly repeated: readonly string[];
};

/** Sorts out clients, in the order in which they are named. An empty key lets nobody in. */
export function clientsByKey(clients: readonly (readonly [id: string, key: string])[]): ClientsByKey {
  const keys = new Map<string, string>();
  const repeated: string[] = [];
  for (const [id, key] of clients) {
    if (keys.has(id)) repeated.push(id);
    else keys.set(id, key);
  }
  const byKey = new Map<string, string>();
  const sharing: (readonly string[])[] = [];
  for (const [key, owners] of Map.groupBy(keys, ([, key]) => key)) {
    const ids = owners.map(([id]) => id);
    if (ids.length > 1) sharing.push(ids);
    else if (key !== "") byKey.set(key, ids[0] as string);
  }
  return { byKey, sharing, repeated };
}
