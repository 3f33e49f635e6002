import { describeHostname, describePath } from "./describe.ts";
import { hostnameSpecificity } from "./hostname.ts";
import type { PathMatch } from "./match.ts";
import type { HttpEntry, HttpRule } from "./routing-model.ts";

/** An entry with what its place in the order depends on. */
export type RankedEntry = { readonly hostname: string; readonly entry: HttpEntry; readonly rule: HttpRule };

/**
 * Why `first` comes before `second`: the first criterion of the specification in which they differ. The model is in order
 * already and does not say when a route was created, so the last criteria are told apart by name alone. Spec: HTTPRouteRule.matches.
 */
export function describePrecedence(first: RankedEntry, second: RankedEntry): string {
  if (hostnameSpecificity(first.hostname) !== hostnameSpecificity(second.hostname)) {
    return `hostname ${describeHostname(first.hostname)} is more specific than ${describeHostname(second.hostname)}`;
  }
  const [one, other] = [first.entry.match, second.entry.match];
  const byPath = comparePaths(one.path, other.path);
  if (byPath) return byPath;
  if (one.method !== undefined && other.method === undefined) return `it names the method ${one.method}`;
  if (one.headers.length > other.headers.length) {
    return `it has more header conditions (${one.headers.length} against ${other.headers.length})`;
  }
  if (one.query.length > other.query.length) {
    return `it has more query parameter conditions (${one.query.length} against ${other.query.length})`;
  }
  const [a, b] = [first.rule, second.rule];
  if (a.routeKind !== b.routeKind || a.namespace !== b.namespace || a.name !== b.name) {
    return `their conditions rank equal, and ${a.namespace}/${a.name} is older than ${b.namespace}/${b.name} or comes first by name`;
  }
  return a.ruleIndex === b.ruleIndex
    ? "their conditions rank equal, and it is written first among the rule's matches"
    : `their conditions rank equal, and rules[${a.ruleIndex}] is written before rules[${b.ruleIndex}]`;
}

function comparePaths(one: PathMatch, other: PathMatch): string | undefined {
  if (one.kind !== other.kind) return `${describePath(one)} ranks before ${describePath(other)}`;
  if (one.value.length > other.value.length) return `its path ${one.value} is longer than ${other.value}`;
  return undefined;
}
