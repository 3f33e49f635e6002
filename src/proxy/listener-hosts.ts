import { differingRange } from "../base/differing-range.ts";
import type { HttpEntry, HttpListener, HttpRule, RuleKey, VirtualHost } from "../ir/routing-model.ts";
import type { BoundListener } from "../ir/select.ts";
import { buildEntryIndex, type EntryIndex, patchEntryIndex } from "./entry-index.ts";
import type { HostRow } from "./host-table.ts";
import type { MakeRule, MatchedEntry } from "./route-table.ts";

/** The virtual hosts of a listener with their entries indexed. */
export type ListenerHosts<R> = {
  readonly virtualHosts: readonly VirtualHost[];
  /** One for each virtual host, in their order. */
  readonly rows: readonly HostRow<EntryIndex<MatchedEntry<R>>>[];
  /** Hostnames of which rows are not what they were before; `undefined`: there was nothing before. */
  readonly changed: ReadonlySet<string> | undefined;
};

export type ListenerHostsParts<R> = {
  readonly makeRule: MakeRule<R>;
  /** The listeners that act as one keep the segments of paths. */
  readonly keepsPaths: boolean;
  /** Of the same listener, with rules made in the same way. */
  readonly before: ListenerHosts<R> | undefined;
  /** Rules that are not what they were. */
  readonly changed: ReadonlySet<RuleKey>;
};

/** Indexes a listener's virtual hosts: those that did not change, nor a rule of theirs, are taken over. */
export function buildListenerHosts<R>(
  bound: BoundListener<HttpListener>,
  { makeRule, keepsPaths, before, changed }: ListenerHostsParts<R>,
): ListenerHosts<R> {
  const { gateway, listener } = bound;
  const { virtualHosts } = listener;
  const { httpRules } = gateway;
  const made = new Map<RuleKey, R>();
  const runtimeOf = (rule: HttpRule): R => {
    const runtime = made.get(rule.key) ?? makeRule(rule, listener, gateway);
    made.set(rule.key, runtime);
    return runtime;
  };
  const makerFor = (hostname: string) => (entry: HttpEntry) => {
    const rule = Object.hasOwn(httpRules, entry.rule) ? httpRules[entry.rule] : undefined;
    if (rule === undefined) return undefined;
    const { path } = entry.match;
    const matchedPrefix = path.kind === "prefix" ? path.value : undefined;
    return { rule, value: { hostname, entry, rule, runtime: runtimeOf(rule), matchedPrefix, keepsPath: keepsPaths } };
  };
  const build = (host: VirtualHost): HostRow<EntryIndex<MatchedEntry<R>>> => ({
    hostname: host.hostname,
    value: buildEntryIndex(host, makerFor(host.hostname)),
  });
  if (before === undefined) return { virtualHosts, rows: virtualHosts.map(build), changed: undefined };

  const { start, end, newEnd } = differingRange(before.virtualHosts, virtualHosts);
  const touched = new Set<string>();
  const patch = (virtualHost: VirtualHost, row: HostRow<EntryIndex<MatchedEntry<R>>>) => {
    const { hostname } = virtualHost;
    touched.add(hostname);
    return { hostname, value: patchEntryIndex(row.value, virtualHost, { make: makerFor(hostname), changed }) };
  };
  const replaced = new Map(before.rows.slice(start, end).map((row) => [row.hostname, row]));
  for (const hostname of replaced.keys()) touched.add(hostname);
  const between = virtualHosts.slice(start, newEnd).map((virtualHost) => {
    const row = replaced.get(virtualHost.hostname);
    touched.add(virtualHost.hostname);
    return row === undefined ? build(virtualHost) : patch(virtualHost, row);
  });
  const rows = [...before.rows.slice(0, start), ...between, ...before.rows.slice(end)];
  if (changed.size > 0) {
    for (const [at, virtualHost] of virtualHosts.entries()) {
      if (at >= start && at < newEnd) continue;
      if (virtualHost.entries.some(({ rule }) => changed.has(rule))) rows[at] = patch(virtualHost, rows[at]!);
    }
  }
  return { virtualHosts, rows, changed: touched };
}
