import { changesOf } from "../base/record-changes.ts";
import type { GatewayKey, GatewayModel, RuleKey } from "../ir/routing-model.ts";
import { buildRule, type RuleParts, type RuleRuntime } from "./route-runtime.ts";

type GatewayRules = {
  readonly rules: GatewayModel["httpRules"];
  readonly runtimes: ReadonlyMap<RuleKey, RuleRuntime>;
  /** Rules that are not what they were in the set before: added, changed, removed. */
  readonly changed: ReadonlySet<RuleKey>;
};

export type NextRules = RuleParts & { readonly keepsTables: boolean };

const none: ReadonlySet<RuleKey> = new Set();

/** The rules of one model, by Gateway. Those of which nothing changed go on as they are, with their state. */
export class RuleSet {
  static readonly empty = new RuleSet(new Map());
  readonly #gateways: ReadonlyMap<GatewayKey, GatewayRules>;

  private constructor(gateways: ReadonlyMap<GatewayKey, GatewayRules>) {
    this.#gateways = gateways;
  }

  get(gateway: GatewayKey, rule: RuleKey): RuleRuntime | undefined {
    return this.#gateways.get(gateway)?.runtimes.get(rule);
  }

  /** Rules of a Gateway that are not what they were in the set before. */
  changed(gateway: GatewayKey): ReadonlySet<RuleKey> {
    return this.#gateways.get(gateway)?.changed ?? none;
  }

  /** The rules of another model. Without `keepsFilters` all are built anew; `keepsTables`: all clusters and key material are what they were. */
  next(gateways: readonly GatewayModel[], parts: NextRules): RuleSet {
    const next = gateways.map((gateway): [GatewayKey, GatewayRules] => {
      const before = this.#gateways.get(gateway.key);
      return [gateway.key, nextRules(gateway, before, parts)];
    });
    return new RuleSet(new Map(next));
  }
}

function nextRules(
  { key: gateway, httpRules }: GatewayModel,
  before: GatewayRules | undefined,
  parts: NextRules,
): GatewayRules {
  const { keepsFilters, keepsTables, tables } = parts;
  const { set, gone } = changesOf(before?.rules ?? {}, httpRules);
  const stale = new Set(set);
  for (const [key, { dependencies }] of before?.runtimes ?? []) {
    if (keepsFilters && keepsTables) break;
    if (!keepsFilters || !dependencies.hold(tables)) stale.add(key);
  }
  for (const key of gone) stale.delete(key);
  const changed = new Set([...stale, ...gone]);
  if (before !== undefined && changed.size === 0) return { ...before, rules: httpRules, changed: none };
  const runtimes = new Map(before?.runtimes);
  for (const key of gone) runtimes.delete(key);
  for (const key of stale) {
    runtimes.set(key, buildRule({ rule: httpRules[key]!, gateway }, parts, runtimes.get(key)));
  }
  return { rules: httpRules, runtimes, changed };
}
