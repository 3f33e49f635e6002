import { bySpecificity } from "../ir/hostname.ts";

/** Finds all values whose hostname covers a host, the most specific first, in time that does not depend on their number. */
export type HostTable<T> = {
  /** For a host that is named exactly: everything that covers it. */
  readonly exact: ReadonlyMap<string, readonly T[]>;
  /** By wildcard of one label without its `?.`: everything that covers the hosts one label below it. */
  readonly labels: ReadonlyMap<string, readonly T[]>;
  /** By wildcard without its `*.`: everything that covers any host below it. */
  readonly wildcards: ReadonlyMap<string, readonly T[]>;
  /** For every other host. */
  readonly any: readonly T[];
};

export type HostRow<T> = { readonly hostname: string; readonly value: T };

/** Builds the table; of rows with one hostname, those that come first stay first. */
export function buildHostTable<T>(rows: readonly HostRow<T>[]): HostTable<T> {
  const exact = new Map<string, T[]>();
  const labels = new Map<string, T[]>();
  const wildcards = new Map<string, T[]>();
  const any: T[] = [];
  for (const { hostname, value } of rows.toSorted((a, b) => bySpecificity(a.hostname, b.hostname))) {
    if (hostname === "" || hostname === "*") any.push(value);
    else if (hostname.startsWith("*.")) push(wildcards, hostname.slice(2), value);
    else if (hostname.startsWith("?.")) push(labels, hostname.slice(2), value);
    else push(exact, hostname, value);
  }
  // Shortest first: a longer wildcard takes over the finished list of the nearest shorter one.
  for (const suffix of [...wildcards.keys()].sort((a, b) => a.length - b.length)) {
    wildcards.get(suffix)!.push(...(nearestWildcard(wildcards, suffix) ?? any));
  }
  // What covers the hosts below a suffix covers those one label below it.
  for (const [suffix, values] of labels) values.push(...(nearestWildcard(wildcards, `a.${suffix}`) ?? any));
  for (const [host, values] of exact) values.push(...lookUpWildcards({ labels, wildcards, any }, host));
  return { exact, labels, wildcards, any };
}

/**
 * The table of `rows`, which differ from those of `before` in the rows of the `changed` hostnames alone. Costs those, unless a
 * wildcard is among them, which others depend on.
 */
export function patchHostTable<T>(
  before: HostTable<T>,
  rows: readonly HostRow<T>[],
  changed: ReadonlySet<string>,
): HostTable<T> {
  if (changed.size === 0) return before;
  for (const hostname of changed) if (!isExact(hostname)) return buildHostTable(rows);
  const exact = new Map<string, readonly T[]>(before.exact);
  const own = new Map([...changed].map((hostname): [string, T[]] => [hostname, []]));
  for (const { hostname, value } of rows) own.get(hostname)?.push(value);
  for (const [host, values] of own) {
    if (values.length === 0) exact.delete(host);
    else exact.set(host, [...values, ...lookUpWildcards(before, host)]);
  }
  return { ...before, exact };
}

function isExact(hostname: string): boolean {
  return hostname !== "" && hostname !== "*" && !/^[*?]\./.test(hostname);
}

/** Everything that covers the host; the list is the table's own. `host` is lower case, without port. */
export function lookUpHost<T>(table: HostTable<T>, host: string): readonly T[] {
  return table.exact.get(host) ?? lookUpWildcards(table, host);
}

/** Everything that covers a host which is not named exactly. */
function lookUpWildcards<T>(
  { labels, wildcards, any }: Pick<HostTable<T>, "labels" | "wildcards" | "any">,
  host: string,
): readonly T[] {
  return (
    (labels.size > 0 ? oneLabel(labels, host) : undefined) ??
    (wildcards.size > 0 ? nearestWildcard(wildcards, host) : undefined) ??
    any
  );
}

function oneLabel<V>(labels: ReadonlyMap<string, V>, host: string): V | undefined {
  const dot = host.indexOf(".");
  return dot > 0 ? labels.get(host.slice(dot + 1)) : undefined;
}

/** Walks the labels from the left; the wildcard label stands for at least one character, hence the 1. */
function nearestWildcard<V>(wildcards: ReadonlyMap<string, V>, host: string): V | undefined {
  for (let dot = host.indexOf(".", 1); dot >= 0; dot = host.indexOf(".", dot + 1)) {
    const found = wildcards.get(host.slice(dot + 1));
    if (found) return found;
  }
  return undefined;
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
