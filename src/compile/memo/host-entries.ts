import { sameJson } from "../../base/same-json.ts";
import type { HttpEntry, VirtualHost } from "../../ir/routing-model.ts";
import type { CompiledRoute, ScoredEntry } from "../contract.ts";
import { compareHostnames } from "../hostname-patterns.ts";
import { compareEntries } from "../order/precedence.ts";
import { SortedList } from "../order/sorted-list.ts";

/** What a route adds to a virtual host. `asked`: the hostname that it asked for. */
export type HostPart = { readonly asked: string; readonly compiled: CompiledRoute };

/**
 * One virtual host of a listener. Entries of routes that asked for a more specific hostname go before all others, also when
 * the listener has narrowed both to the same. Then the order of matches decides.
 * Spec: HTTPRouteSpec.hostnames, "precedence must be given to rules from the HTTPRoute with the largest number of".
 */
export class HostEntries {
  readonly #hostname: string;
  readonly #groups = new Map<string, SortedList<ScoredEntry>>();
  /** Parts that have come and gone since the last flush, by what was asked for: those that did both have stayed. */
  readonly #pending = new Map<string, Map<CompiledRoute, number>>();
  #host: VirtualHost | undefined;

  constructor(hostname: string) {
    this.#hostname = hostname;
  }

  /** As it was after the last flush; `undefined` without entries. */
  get host(): VirtualHost | undefined {
    return this.#host;
  }

  add(part: HostPart): void {
    this.#note(part, 1);
  }

  remove(part: HostPart): void {
    this.#note(part, -1);
  }

  /**
   * Brings the host up to date; it stays the same object when it is equal. Returns whether any of its routes is another than
   * before.
   */
  flush(): boolean {
    let changed = false;
    for (const [asked, parts] of this.#pending) {
      const removed = [...parts].flatMap(([compiled, count]) => (count < 0 ? compiled.entries : []));
      const added = [...parts].flatMap(([compiled, count]) => (count > 0 ? compiled.entries : []));
      if (removed.length + added.length === 0) continue;
      changed = true;
      const group = this.#groups.get(asked) ?? new SortedList(compareEntries);
      group.patch(removed, added);
      if (group.items.length > 0) this.#groups.set(asked, group);
      else this.#groups.delete(asked);
    }
    this.#pending.clear();
    if (!changed) return false;
    const host = this.#build();
    if (!sameJson(this.#host, host)) this.#host = host;
    return true;
  }

  #note({ asked, compiled }: HostPart, by: 1 | -1): void {
    const parts = this.#pending.get(asked) ?? new Map<CompiledRoute, number>();
    this.#pending.set(asked, parts);
    parts.set(compiled, (parts.get(compiled) ?? 0) + by);
  }

  #build(): VirtualHost | undefined {
    if (this.#groups.size === 0) return undefined;
    const ordered = [...this.#groups].sort(([a], [b]) => compareHostnames(a, b));
    return { hostname: this.#hostname, entries: ordered.flatMap(([, group]) => group.items.map(entryOf)) };
  }
}

const entries = new WeakMap<ScoredEntry, HttpEntry>();

/** The same object each time. */
function entryOf(scored: ScoredEntry): HttpEntry {
  let entry = entries.get(scored);
  if (entry === undefined) {
    entry = { match: scored.match, rule: scored.rule.key, matchIndex: scored.matchIndex };
    entries.set(scored, entry);
  }
  return entry;
}
