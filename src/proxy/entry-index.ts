import { type CompiledRegex, compileRegex } from "../base/regex.ts";
import type { ValueMatch } from "../ir/match.ts";
import { type AskedRequest, answersPreflights, readPreflight } from "../ir/preflight.ts";
import { parseQuery } from "../ir/query.ts";
import type { HttpEntry, HttpRule } from "../ir/routing-model.ts";
import type { RequestView } from "./chain.ts";

/**
 * The entries of one virtual host, found by path. Precedence stays what the model says, the order of the entries: every
 * candidate knows its number and the lowest one that matches wins, whatever kind of path led to it.
 */
export type EntryIndex<T> = {
  readonly exact: ReadonlyMap<string, readonly Candidate<T>[]>;
  /** Prefixes by path element, and patterns under the whole elements that they begin with; the root is `/`. */
  readonly prefixes: PrefixNode<T>;
  /** Patterns that may match a path of any beginning: tried one by one, in order. */
  readonly loose: readonly Candidate<T>[];
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
  readonly value: T;
};

type UsableRegex = Extract<CompiledRegex, { kind: "regex" }>;

type ValueTest = { readonly name: string; readonly exact: string | undefined; readonly regex: UsableRegex | undefined };

type PrefixNode<T> = {
  readonly parent: PrefixNode<T> | undefined;
  readonly children: Map<string, PrefixNode<T>>;
  readonly candidates: Candidate<T>[];
};

/** An entry to be indexed; `value` is what finding it returns. */
export type IndexedEntry<T> = { readonly entry: HttpEntry; readonly rule: HttpRule; readonly value: T };

/** Indexes entries, in their order. An entry with a pattern that does not compile never matches. */
export function buildEntryIndex<T>(entries: readonly IndexedEntry<T>[]): EntryIndex<T> {
  const exact = new Map<string, Candidate<T>[]>();
  const prefixes = prefixNode<T>(undefined);
  const loose: Candidate<T>[] = [];
  for (const [order, { entry, rule, value }] of entries.entries()) {
    const { match } = entry;
    const headers = compileTests(match.headers);
    const query = compileTests(match.query);
    if (!headers || !query) continue;
    const candidate = {
      order,
      pattern: undefined,
      method: match.method,
      answersPreflights: answersPreflights(rule),
      headers,
      query,
      value,
    };
    switch (match.path.kind) {
      case "exact": {
        const known = exact.get(match.path.value);
        if (known) known.push(candidate);
        else exact.set(match.path.value, [candidate]);
        break;
      }
      case "prefix":
        prefixPlace(prefixes, match.path.value).candidates.push(candidate);
        break;
      case "regex": {
        const pattern = compileRegex(match.path.value);
        if (pattern.kind !== "regex") break;
        const start = pattern.literalPrefix;
        const list = start.startsWith("/")
          ? prefixPlace(prefixes, start.slice(0, start.lastIndexOf("/")) || "/").candidates
          : loose;
        list.push({ ...candidate, pattern });
        break;
      }
    }
  }
  return { exact, prefixes, loose };
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
  // From the longest prefix back to the root: in the usual order of precedence the first hit is the answer.
  for (let node = deepestPrefix(index.prefixes, path); node; node = node.parent) {
    best = firstBefore(node.candidates, best, request);
  }
  best = firstBefore(index.loose, best, request);
  return best?.value;
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

function prefixNode<T>(parent: PrefixNode<T> | undefined): PrefixNode<T> {
  return { parent, children: new Map(), candidates: [] };
}

/** The node of a prefix, made when it is missing. */
function prefixPlace<T>(root: PrefixNode<T>, prefix: string): PrefixNode<T> {
  if (prefix === "/") return root;
  let node = root;
  for (const element of prefix.slice(1).split("/")) {
    let child = node.children.get(element);
    if (!child) {
      child = prefixNode(node);
      node.children.set(element, child);
    }
    node = child;
  }
  return node;
}

/** The node of the longest indexed beginning of the path, in whole elements; no more steps than the longest prefix has. */
function deepestPrefix<T>(root: PrefixNode<T>, path: string): PrefixNode<T> | undefined {
  if (!path.startsWith("/")) return undefined;
  let node = root;
  for (let start = 1; start <= path.length && node.children.size > 0; ) {
    let end = path.indexOf("/", start);
    if (end < 0) end = path.length;
    const child = node.children.get(path.slice(start, end));
    if (!child) break;
    node = child;
    start = end + 1;
  }
  return node;
}
