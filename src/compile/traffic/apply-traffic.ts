import { hashJson } from "../../base/hash.ts";
import type { Cluster, ClusterKey } from "../../ir/cluster.ts";
import type { HttpRule, StreamRule, WeightedBackend } from "../../ir/routing-model.ts";
import type { BackendSettings } from "./backend-settings.ts";
import { ruleUnderPolicy } from "./rule-under-policy.ts";
import { trafficUnderPolicy } from "./traffic-under-policy.ts";

/** Clusters by key: those of a route, and those that its policies add. */
export type Clusters = Map<ClusterKey, Cluster>;

/**
 * Puts what a BackendTrafficPolicy says on a rule. Backends whose connections or endpoints it is about are reached by clusters of
 * their own, which are added to `clusters`: rules whose policies say the same share them, rules without a policy do not.
 */
export function applyToHttpRule(rule: HttpRule, settings: BackendSettings, clusters: Clusters): HttpRule {
  return { ...ruleUnderPolicy(rule, settings), backends: retarget(rule.backends, settings, clusters) };
}

/** The same for a rule of streams, which has neither requests to repeat nor answers to wait for. */
export function applyToStreamRule(rule: StreamRule, settings: BackendSettings, clusters: Clusters): StreamRule {
  return { ...rule, backends: retarget(rule.backends, settings, clusters) };
}

function retarget(
  backends: readonly WeightedBackend[],
  settings: BackendSettings,
  clusters: Clusters,
): readonly WeightedBackend[] {
  return backends.map((backend) => {
    const { target } = backend;
    const cluster = target.kind === "cluster" ? clusters.get(target.cluster) : undefined;
    if (cluster === undefined) return backend;
    const traffic = trafficUnderPolicy(cluster.traffic, settings);
    if (traffic === cluster.traffic) return backend;
    const key = `${cluster.key}|traffic=${hashJson(traffic)}`;
    clusters.set(key, { ...cluster, key, traffic });
    return { ...backend, target: { kind: "cluster", cluster: key } };
  });
}
