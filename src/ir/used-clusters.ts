import type { ClusterKey } from "./cluster.ts";
import type { PlacedFilter } from "./filter.ts";
import type { GatewayModel, WeightedBackend } from "./routing-model.ts";

/** Every cluster that a Gateway's rules, filters and tracing name. */
export function clusterKeys({ httpRules, listeners, tracing }: GatewayModel): ReadonlySet<ClusterKey> {
  const keys = new Set<ClusterKey>();
  const addFilters = (filters: readonly PlacedFilter[]): void => {
    for (const { filter } of filters) {
      if (filter.kind === "requestMirror" || filter.kind === "externalAuth") {
        if (filter.cluster !== undefined) keys.add(filter.cluster);
      }
    }
  };
  const addBackends = (backends: readonly WeightedBackend[]): void => {
    for (const { target, filters } of backends) {
      if (target.kind === "cluster") keys.add(target.cluster);
      addFilters(filters);
    }
  };
  for (const rule of Object.values(httpRules)) {
    addFilters(rule.filters);
    addBackends(rule.backends);
  }
  for (const listener of listeners) {
    switch (listener.protocol) {
      case "HTTP":
      case "HTTPS":
        addFilters(listener.filters);
        break;
      case "TLS":
        for (const { rule } of listener.routes) addBackends(rule.backends);
        break;
      case "TCP":
      case "UDP":
        addBackends(listener.rule?.backends ?? []);
        break;
    }
  }
  if (tracing !== undefined) keys.add(tracing.cluster);
  return keys;
}
