import { differingRange } from "../base/differing-range.ts";
import { type CompiledRegex, compileRegex } from "../base/regex.ts";
import type { RequestView } from "../filter/contract/message.ts";
import { cookieValue } from "../ir/cookie-value.ts";
import { type AskedRequest, answersPreflights, readPreflight } from "../ir/cors-preflight.ts";
import type { ValueMatch } from "../ir/match.ts";
import { parseQuery } from "../ir/query.ts";
import type { HttpEntry, HttpRule, RuleKey, VirtualHost } from "../ir/routing-model.ts";

/**
 * The entries of one virtual host, found by path. Precedence stays what the model says, the order of the entries: every
 * candidate knows its number and the lowest one that matches wins, whatever kind of path led to it. Never changed: an index
 * with other entries shares with it what they have in common.
 */
export type EntryIndex<T> = {
  readonly exact: ReadonlyMap<string, readonly Candidate<T>[]>;
  /** Prefixes by path element, and patterns under the whole elements that they begin with; the root is `/`. */
  readonly prefixes: PrefixNode<T>;
  /** Patterns that may match a path of any beginning: tried one by one, in order. */
  readonly loose: readonly Candidate<T>[];
  /** How paths are compared; absent: in their normal form. */
  readonly paths: VirtualHost["paths"];
  readonly entries: readonly HttpEntry[];
  /** Of the entries, ascending. */
  readonly orders: readonly number[];
};

type Candidate<T> = {
  readonly order: number;
  /** What the place in the index does not already say of the path. */
  readonly pattern: UsableRegex | undefined;
  readonly method: string | undefined;
  /** A preflight is also seen as the request that it asks for. */
  readonly answersPreflights: boolean;
  readonly headers: readonly ValueTest[];
  readonly query: readonly ValueTest[];
  readonly cookies: readonly ValueTest[];
  readonly value: T;
};

type UsableRegex = Extract<CompiledRegex, { kind: "regex" }>;

type ValueTest = { readonly name: string; readonly exact: string | undefined; readonly regex: UsableRegex | undefined };

type PrefixNode<T> = {
  readonly children: ReadonlyMap<string, PrefixNode<T>>;
  readonly candidates: readonly Candidate<T>[];
};

/** What finding an entry returns, and the rule that it belongs to; `undefined`: the model has no such rule. */
export type MakeValue<T> = (entry: HttpEntry) => { readonly rule: HttpRule; readonly value: T } | undefined;

/** Indexes the entries of a host, in their order. An entry with a pattern that does not compile never matches. */
export function buildEntryIndex<T>(host: VirtualHost, make: MakeValue<T>): EntryIndex<T> {
  const { entries } = host;
  const edit = new IndexEdit<T>(undefined);
  const orders = entries.map((entry, order) => {
    edit.add(entry, order, make);
    return order;
  });
  return edit.finish(host, orders);
}

/**
 * The index of a host's entries from that of the entries before, at the cost of what lies between their common beginning and their
 * common end, and of the entries whose rules are in `changed`.
 */
export function patchEntryIndex<T>(
  before: EntryIndex<T>,
  host: VirtualHost,
  { make, changed }: { readonly make: MakeValue<T>; readonly changed: ReadonlySet<RuleKey> },
): EntryIndex<T> {
  const { entries } = host;
  const { start, end, newEnd } = differingRange(before.entries, entries);
  const added = newEnd - start;
  const low = before.orders[start - 1] ?? (before.orders[end] ?? 0) - added - 1;
  const step = ((before.orders[end] ?? low + added + 1) - low) / (added + 1);
  if (step < leastStep) return buildEntryIndex(host, make);
  const edit = new IndexEdit(before);
  for (let at = start; at < end; at++) edit.remove(before.entries[at]!, before.orders[at]!);
  const between = Array.from({ length: added }, (_, at) => low + step * (at + 1));
  for (const [at, order] of between.entries()) edit.add(entries[start + at]!, order, make);
  const orders = [...before.orders.slice(0, start), ...between, ...before.orders.slice(end)];
  if (changed.size > 0) {
    for (const [at, entry] of entries.entries()) {
      if ((at >= start && at < newEnd) || !changed.has(entry.rule)) continue;
      edit.remove(entry, orders[at]!);
      edit.add(entry, orders[at]!, make);
    }
  }
  return edit.finish(host, orders);
}

/** Numbers of neighbours are never nearer than this: it is far above what doubles can tell apart. */
const leastStep = 2 ** -20;

/** The parts of a new index: what is shared with the one before is copied when it is first changed. */
class IndexEdit<T> {
  readonly #exact: Map<string, Candidate<T>[]>;
  #root: PrefixNode<T>;
  #loose: Candidate<T>[];
  /** Lists and nodes that no other index has. */
  readonly #own = new Set<unknown>();

  constructor(before: EntryIndex<T> | undefined) {
    this.#exact = new Map(before?.exact as ReadonlyMap<string, Candidate<T>[]> | undefined);
    this.#root = before?.prefixes ?? { children: new Map(), candidates: [] };
    this.#loose = (before?.loose ?? []) as Candidate<T>[];
  }

  add(entry: HttpEntry, order: number, make: MakeValue<T>): void {
    const { match } = entry;
    const made = make(entry);
    const headers = compileTests(match.headers);
    const query = compileTests(match.query);
    const cookies = compileTests(match.cookies ?? []);
    const place = placeOf(match.path);
    if (made === undefined || headers === undefined || query === undefined) return;
    if (cookies === undefined || place === undefined) return;
    const candidate = {
      order,
      pattern: place.pattern,
      method: match.method,
      answersPreflights: answersPreflights(made.rule),
      headers,
      query,
      cookies,
      value: made.value,
    };
    this.#change(place, (list) => {
      let at = list.length;
      while (at > 0 && list[at - 1]!.order > order) at--;
      list.splice(at, 0, candidate);
    });
  }

  remove({ match }: HttpEntry, order: number): void {
    const place = placeOf(match.path);
    if (place === undefined) return;
    this.#change(place, (list) => {
      const at = list.findIndex((candidate) => candidate.order === order);
      if (at >= 0) list.splice(at, 1);
    });
  }

  finish({ entries, paths }: VirtualHost, orders: readonly number[]): EntryIndex<T> {
    return { exact: this.#exact, prefixes: this.#root, loose: this.#loose, paths, entries, orders };
  }

  #change({ kind, path }: Place, change: (list: Candidate<T>[]) => void): void {
    switch (kind) {
      case "loose":
        this.#loose = this.#ownList(this.#loose);
        change(this.#loose);
        break;
      case "exact": {
        const list = this.#ownList(this.#exact.get(path) ?? []);
        change(list);
        if (list.length > 0) this.#exact.set(path, list);
        else this.#exact.delete(path);
        break;
      }
      case "prefix":
        this.#root = this.#changeNode(this.#root, path === "/" ? [] : path.slice(1).split("/"), change);
    }
  }

  /** Nodes that nothing is left of are let go. */
  #changeNode(
    node: PrefixNode<T> | undefined,
    [element, ...rest]: readonly string[],
    change: (list: Candidate<T>[]) => void,
  ): PrefixNode<T> {
    const children = this.#ownChildren(node?.children);
    let candidates = (node?.candidates ?? []) as Candidate<T>[];
    if (element === undefined) {
      candidates = this.#ownList(candidates);
      change(candidates);
    } else {
      const child = this.#changeNode(children.get(element), rest, change);
      if (child.candidates.length + child.children.size > 0) children.set(element, child);
      else children.delete(element);
    }
    return { children, candidates };
  }

  #ownList(list: Candidate<T>[]): Candidate<T>[] {
    if (this.#own.has(list)) return list;
    const copy = [...list];
    this.#own.add(copy);
    return copy;
  }

  #ownChildren(children: ReadonlyMap<string, PrefixNode<T>> | undefined): Map<string, PrefixNode<T>> {
    if (this.#own.has(children)) return children as Map<string, PrefixNode<T>>;
    const copy = new Map(children);
    this.#own.add(copy);
    return copy;
  }
}

/** Where a path match stands in the index, and what its place does not say of the path. */
type Place = {
  readonly kind: "exact" | "prefix" | "loose";
  readonly path: string;
  readonly pattern: UsableRegex | undefined;
};

/** `undefined`: a pattern that does not compile has none. */
function placeOf(path: HttpEntry["match"]["path"]): Place | undefined {
  if (path.kind !== "regex") return { kind: path.kind, path: path.value, pattern: undefined };
  const pattern = compileRegex(path.value);
  if (pattern.kind !== "regex") return undefined;
  const start = pattern.literalPrefix;
  if (!start.startsWith("/")) return { kind: "loose", path: "", pattern };
  return { kind: "prefix", path: start.slice(0, start.lastIndexOf("/")) || "/", pattern };
}

/** What candidates are tried on. `path` is the form that counts; `asked` is what a preflight asks for. */
type Request = { readonly view: RequestView; readonly path: string; readonly asked: AskedRequest | undefined };

/** The value of the first entry, in the order of precedence, that matches. `path` is the form of the request's that counts. */
export function findEntry<T>(index: EntryIndex<T>, view: RequestView, path: string): T | undefined {
  const asked = view.method === "OPTIONS" ? readPreflight(view) : undefined;
  const request: Request = { view, path, asked };
  let best: Candidate<T> | undefined;
  const exact = index.exact.get(path);
  if (exact) best = firstBefore(exact, undefined, request);
  if (path.startsWith("/")) best = firstOfPrefixes(index.prefixes, best, request, 1);
  best = firstBefore(index.loose, best, request);
  return best?.value;
}

/**
 * From the longest indexed beginning of the path, in whole elements, back to the root: in the usual order of precedence the first
 * hit is the answer. No more steps than the longest prefix has.
 */
function firstOfPrefixes<T>(
  node: PrefixNode<T>,
  best: Candidate<T> | undefined,
  request: Request,
  start: number,
): Candidate<T> | undefined {
  const { path } = request;
  let found = best;
  if (start <= path.length && node.children.size > 0) {
    const slash = path.indexOf("/", start);
    const end = slash < 0 ? path.length : slash;
    const child = node.children.get(path.slice(start, end));
    if (child) found = firstOfPrefixes(child, found, request, end + 1);
  }
  return firstBefore(node.candidates, found, request);
}

/** The first candidate of an ordered list that matches and comes before `best`; else `best`. */
function firstBefore<T>(
  candidates: readonly Candidate<T>[],
  best: Candidate<T> | undefined,
  request: Request,
): Candidate<T> | undefined {
  for (const candidate of candidates) {
    if (best && candidate.order > best.order) return best;
    if (restHolds(candidate, request)) return candidate;
  }
  return best;
}

/** Everything that the place in the index does not say; the pattern last, because it costs most. */
function restHolds(candidate: Candidate<unknown>, { view, path, asked: preflight }: Request): boolean {
  const { method } = candidate;
  const asked = candidate.answersPreflights ? preflight : undefined;
  const asAsked = asked !== undefined && (method === undefined || method === asked.method);
  if (!asAsked && method !== undefined && method !== view.method) return false;
  for (const test of candidate.headers) {
    if (asAsked && asked.announced.has(test.name)) continue;
    if (!testHolds(test, view.header(test.name))) return false;
  }
  if (candidate.query.length > 0) {
    const parameters = parametersOf(view.query);
    for (const test of candidate.query) if (!testHolds(test, parameters.get(test.name))) return false;
  }
  if (candidate.cookies.length > 0) {
    const header = view.header("cookie");
    for (const test of candidate.cookies) if (!testHolds(test, cookieValue(header, test.name))) return false;
  }
  return candidate.pattern === undefined || candidate.pattern.matchesWhole(path);
}

function testHolds(test: ValueTest, value: string | undefined): boolean {
  if (value === undefined) return false;
  return test.regex ? test.regex.matchesWhole(value) : value === test.exact;
}

// One request asks many candidates about one query: the last one is remembered. A pure function's memo, never stale.
let lastQuery = "";
let lastParameters: ReadonlyMap<string, string> = new Map();

function parametersOf(query: string): ReadonlyMap<string, string> {
  if (query !== lastQuery) {
    lastParameters = parseQuery(query);
    lastQuery = query;
  }
  return lastParameters;
}

/** `undefined` when one of the patterns does not compile. */
function compileTests(matches: readonly ValueMatch[]): readonly ValueTest[] | undefined {
  const tests: ValueTest[] = [];
  for (const { name, kind, value } of matches) {
    if (kind === "exact") {
      tests.push({ name, exact: value, regex: undefined });
      continue;
    }
    const regex = compileRegex(value);
    if (regex.kind !== "regex") return undefined;
    tests.push({ name, exact: undefined, regex });
  }
  return tests;
}
