import { changesOf } from "../base/record-changes.ts";
import type { GatewayKey, GatewayModel, RuleKey } from "../ir/routing-model.ts";
import type { ClusterRuntime } from "./cluster-runtime.ts";
import type { PlaneContext } from "./plane-context.ts";
import { buildRule, type RuleRuntime, resumeRule } from "./route-runtime.ts";

type GatewayRules = {
  readonly rules: GatewayModel["httpRules"];
  readonly runtimes: ReadonlyMap<RuleKey, RuleRuntime>;
  /** Rules that are not what they were in the set before: added, changed, removed. */
  readonly changed: ReadonlySet<RuleKey>;
};

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

  /** The rules of another model. `clusters` and `replaced` are all clusters, and those that are not what they were; `fresh`: build all anew. */
  next(
    gateways: readonly GatewayModel[],
    parts: {
      readonly clusters: ReadonlyMap<string, ClusterRuntime>;
      readonly replaced: ReadonlySet<string>;
      readonly fresh: boolean;
    },
    context: PlaneContext,
  ): RuleSet {
    const next = gateways.map((gateway): [GatewayKey, GatewayRules] => {
      const before = this.#gateways.get(gateway.key);
      return [gateway.key, nextRules(gateway, before, { ...parts, context })];
    });
    return new RuleSet(new Map(next));
  }
}

function nextRules(
  { httpRules }: GatewayModel,
  before: GatewayRules | undefined,
  parts: {
    readonly clusters: ReadonlyMap<string, ClusterRuntime>;
    readonly replaced: ReadonlySet<string>;
    readonly fresh: boolean;
    readonly context: PlaneContext;
  },
): GatewayRules {
  const { clusters, replaced, fresh, context } = parts;
  const { set, gone } = changesOf(before?.rules ?? {}, httpRules);
  const stale = new Set(set);
  for (const [key, { clusters: used }] of before?.runtimes ?? []) {
    if (!fresh && replaced.size === 0) break;
    if (fresh || used.keys().some((cluster) => replaced.has(cluster))) stale.add(key);
  }
  for (const key of gone) stale.delete(key);
  const changed = new Set([...stale, ...gone]);
  if (before !== undefined && changed.size === 0) return { ...before, rules: httpRules, changed: none };
  const runtimes = new Map(before?.runtimes);
  for (const key of gone) runtimes.delete(key);
  for (const key of stale) {
    const known = runtimes.get(key);
    const runtime = buildRule(httpRules[key]!, clusters, context);
    if (known !== undefined) resumeRule(runtime, known);
    runtimes.set(key, runtime);
  }
  return { rules: httpRules, runtimes, changed };
}
