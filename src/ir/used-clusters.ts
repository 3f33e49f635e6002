import type { ClusterKey } from "./cluster.ts";
import { clusterKeysOfFilters } from "./filter-references.ts";
import type { HttpRule, Listener, StreamRule, WeightedBackend } from "./routing-model.ts";

/** Every cluster that a rule and its filters name. */
export function clusterKeysOfRule({ filters, backends, fallback = [] }: HttpRule): readonly ClusterKey[] {
  return [...clusterKeysOfFilters(filters), ...ofBackends(backends), ...ofBackends(fallback)];
}

/** Every cluster that a rule of streams names. */
export function clusterKeysOfStreamRule({ backends }: StreamRule): readonly ClusterKey[] {
  return ofBackends(backends);
}

/** Every cluster that a listener names beside those of `httpRules`. */
export function clusterKeysOfListener(listener: Listener): readonly ClusterKey[] {
  switch (listener.protocol) {
    case "HTTP":
    case "HTTPS":
      return clusterKeysOfFilters(listener.filters);
    case "TLS":
      return listener.routes.flatMap(({ rule }) => ofBackends(rule.backends));
    case "TCP":
    case "UDP":
      return ofBackends(listener.rule?.backends ?? []);
  }
}

function ofBackends(backends: readonly WeightedBackend[]): readonly ClusterKey[] {
  return backends.flatMap(({ target, filters }) => [
    ...(target.kind === "cluster" ? [target.cluster] : []),
    ...clusterKeysOfFilters(filters),
  ]);
}
