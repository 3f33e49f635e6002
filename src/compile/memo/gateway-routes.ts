import { noteTouched } from "../../base/record-changes.ts";
import { sameJson } from "../../base/same-json.ts";
import type { GatewayModel, HttpRule, Listener, RuleKey } from "../../ir/routing-model.ts";
import type { BackendKey, CompiledRoute } from "../contract.ts";
import type { CompiledGateway } from "../gateway/gateway.ts";
import { compareText } from "../order/by-name.ts";
import { SortedList } from "../order/sorted-list.ts";
import type { CompiledTracing } from "../policy/compile-tracing.ts";
import { sourceOf } from "../report/report.ts";
import type { ClusterTable } from "./cluster-table.ts";
import { Holders } from "./holders.ts";

/** What the accepted routes of one Gateway make of it. */
export class GatewayRoutes {
  readonly #clusters: ClusterTable;
  /** Routes on listeners that serve. */
  readonly #served = new Holders<CompiledRoute>();
  readonly #backends = new Holders<BackendKey>();
  readonly #rules = new SortedList<HttpRule>((a, b) => compareText(a.key, b.key));
  readonly #ruleByKey = new Map<RuleKey, HttpRule>();
  /** Rules that came or went since the record was made. */
  readonly #touchedRules = new Set<RuleKey>();
  #record: { readonly rules: readonly HttpRule[]; readonly byKey: Readonly<Record<RuleKey, HttpRule>> } = {
    rules: [],
    byKey: {},
  };
  #model: { readonly from: readonly unknown[]; readonly model: GatewayModel } | undefined;

  constructor(clusters: ClusterTable) {
    this.#clusters = clusters;
  }

  /** Backends that the accepted routes refer to. */
  get backends(): Pick<ReadonlySet<BackendKey>, "has"> {
    return this.#backends;
  }

  /** A route stands on a listener that serves, or (`-1`) does so no more. */
  changeServed(compiled: CompiledRoute, by: 1 | -1): void {
    this.#served.change(compiled, by);
  }

  /** The Gateway accepts a route, or does so no more. */
  changeAccepted(compiled: CompiledRoute, by: 1 | -1): void {
    for (const backend of compiled.backends) this.#backends.change(backend, by);
  }

  /** Takes in what has changed. Returns the backends that are now used, and those that are used no more. */
  flush(): { readonly came: readonly BackendKey[]; readonly gone: readonly BackendKey[] } {
    const { came, gone } = this.#served.flush();
    for (const { clusters } of gone) this.#clusters.remove(clusters);
    for (const { clusters } of came) this.#clusters.add(clusters);
    this.#patchRules(gone.flatMap(rulesOf), came.flatMap(rulesOf));
    return this.#backends.flush();
  }

  /** A rule that says what it said before stays the same object. */
  #patchRules(gone: readonly HttpRule[], came: readonly HttpRule[]): void {
    const removed = new Map<RuleKey, HttpRule>();
    for (const { key } of gone) {
      const rule = this.#ruleByKey.get(key);
      if (rule) removed.set(key, rule);
      this.#ruleByKey.delete(key);
      this.#touchedRules.add(key);
    }
    const added = came.map((rule) => {
      const before = removed.get(rule.key);
      const kept = before !== undefined && sameJson(before, rule) ? before : rule;
      this.#ruleByKey.set(rule.key, kept);
      this.#touchedRules.add(rule.key);
      return kept;
    });
    this.#rules.patch(removed.values(), added);
  }

  /** The Gateway for the routing model; the same object for as long as nothing of it changes. After a flush. */
  build(gateway: CompiledGateway, listeners: readonly Listener[], { tracing }: CompiledTracing): GatewayModel {
    const { resource } = gateway;
    const from = [resource, tracing, this.#rules.items, ...listeners];
    if (this.#model?.from.length === from.length && this.#model.from.every((part, place) => part === from[place])) {
      return this.#model.model;
    }
    const model: GatewayModel = {
      key: gateway.key,
      namespace: resource.metadata.namespace,
      name: resource.metadata.name,
      from: sourceOf(resource, ""),
      labels: { ...resource.metadata.labels, ...resource.spec.infrastructure?.labels },
      addresses: (resource.spec.addresses ?? []).flatMap(({ value }) => (value ? [value] : [])),
      listeners,
      httpRules: this.#rulesByKey(),
      ...(tracing === undefined ? {} : { tracing }),
    };
    this.#model = { from, model };
    return model;
  }

  #rulesByKey(): Readonly<Record<RuleKey, HttpRule>> {
    const rules = this.#rules.items;
    if (this.#record.rules === rules) return this.#record.byKey;
    const byKey: Record<RuleKey, HttpRule> = {};
    for (const rule of rules) byKey[rule.key] = rule;
    noteTouched(byKey, this.#record.byKey, this.#touchedRules);
    this.#touchedRules.clear();
    this.#record = { rules, byKey };
    return byKey;
  }
}

/** Each rule once: it stands in an entry for each of its matches. */
function rulesOf({ entries }: CompiledRoute): readonly HttpRule[] {
  return [...new Set(entries.map(({ rule }) => rule))];
}
