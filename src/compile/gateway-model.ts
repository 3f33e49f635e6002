import { hashJson } from "../base/hash.ts";
import type { Finding } from "../finding/finding.ts";
import type { Cluster, ClusterKey } from "../ir/cluster.ts";
import type { GatewayModel, HttpRule, Listener, RuleKey } from "../ir/routing-model.ts";
import type { CompileMemo } from "./compile-memo.ts";
import type { CompiledRoute } from "./contract.ts";
import { allListeners, type CompiledGateway } from "./gateway.ts";
import { keepsPaths } from "./keep-paths.ts";
import { isServable, type ListenerDraft, listenerName } from "./listener.ts";
import type { CompiledTracing } from "./policy/compile-tracing.ts";
import { refOf, report, sourceOf } from "./report.ts";
import { buildVirtualHosts, type PlacedRoute, planStreams } from "./virtual-host.ts";

export type BuiltGateway = {
  readonly model: GatewayModel;
  readonly clusters: ReadonlyMap<ClusterKey, Cluster>;
  readonly findings: readonly Finding[];
};

/** Puts a Gateway's listeners and the routes on them into the routing model. `placed` holds the accepted routes by listener. */
export function buildGateway(
  gateway: CompiledGateway,
  placed: ReadonlyMap<ListenerDraft, readonly PlacedRoute[]>,
  parts: { readonly memo: CompileMemo; readonly tracing: CompiledTracing },
): BuiltGateway {
  const { memo, tracing } = parts;
  const { resource } = gateway;
  const httpRules = new Map<RuleKey, HttpRule>();
  const seen = new Set<CompiledRoute>();
  const clusters = new Map<ClusterKey, Cluster>(tracing.clusters);
  const findings: Finding[] = [];
  const listeners = allListeners(gateway)
    .filter((draft) => gateway.served && isServable(draft))
    // Stable: listeners on one port stay in order of precedence.
    .sort((a, b) => a.spec.port - b.spec.port)
    .flatMap((draft) => {
      const routes = placed.get(draft) ?? [];
      for (const [key, cluster] of draft.clusters) clusters.set(key, cluster);
      for (const { compiled } of routes) {
        if (seen.has(compiled)) continue;
        seen.add(compiled);
        for (const [key, cluster] of compiled.clusters) clusters.set(key, cluster);
        for (const { rule } of compiled.entries) httpRules.set(rule.key, rule);
      }
      const built = buildListener(draft, routes, memo);
      findings.push(...built.findings);
      return built.listener ? [built.listener] : [];
    });
  const model: GatewayModel = {
    key: gateway.key,
    namespace: resource.metadata.namespace,
    name: resource.metadata.name,
    from: sourceOf(resource, ""),
    labels: { ...resource.metadata.labels, ...resource.spec.infrastructure?.labels },
    addresses: (resource.spec.addresses ?? []).flatMap(({ value }) => (value ? [value] : [])),
    listeners,
    httpRules: inOrder(httpRules),
    ...(tracing.tracing === undefined ? {} : { tracing: tracing.tracing }),
  };
  return { model, clusters, findings };
}

function inOrder(rules: ReadonlyMap<RuleKey, HttpRule>): Record<RuleKey, HttpRule> {
  const sorted: Record<RuleKey, HttpRule> = {};
  for (const key of [...rules.keys()].sort()) {
    const rule = rules.get(key);
    if (rule) sorted[key] = rule;
  }
  return sorted;
}

function buildListener(
  draft: ListenerDraft,
  routes: readonly PlacedRoute[],
  memo: CompileMemo,
): { readonly listener: Listener | undefined; readonly findings: readonly Finding[] } {
  const { key, spec, hostname, tls, filters, protocol, owner } = draft;
  const paths = keepsPaths(owner, spec) ? ({ keepsPaths: true } as const) : {};
  const common = {
    key,
    name: spec.name,
    from: sourceOf(draft.owner, draft.pointer),
    port: spec.port,
    hostname,
    hash: hashJson({ key, port: spec.port, hostname, protocol: protocol ?? "", tls, filters, ...paths }),
  };
  switch (protocol) {
    case "HTTP":
      return {
        listener: { ...common, protocol, filters, ...paths, virtualHosts: buildVirtualHosts(routes, memo.hosts(key)) },
        findings: [],
      };
    case "HTTPS": {
      if (tls?.mode !== "terminate") return { listener: undefined, findings: [] };
      return {
        listener: {
          ...common,
          protocol,
          tls,
          filters,
          ...paths,
          virtualHosts: buildVirtualHosts(routes, memo.hosts(key)),
        },
        findings: [],
      };
    }
    case "TLS": {
      if (!tls) return { listener: undefined, findings: [] };
      const plan = planStreams(routes);
      return {
        listener: { ...common, protocol, tls, routes: plan.entries },
        findings: supersededFindings(draft, plan),
      };
    }
    case "TCP":
    case "UDP": {
      const plan = planStreams(routes);
      return {
        listener: { ...common, protocol, rule: plan.entries[0]?.rule },
        findings: supersededFindings(draft, plan),
      };
    }
    case undefined:
      return { listener: undefined, findings: [] };
  }
}

function supersededFindings(draft: ListenerDraft, plan: ReturnType<typeof planStreams>): Finding[] {
  return plan.superseded.map(({ route, by, hostname }) => {
    const everything = draft.protocol === "TLS" ? `server name ${hostname}` : "every connection";
    return report(
      "stream-route-superseded",
      { resource: route, pointer: "/spec" },
      {
        message: `On ${listenerName(draft)}, ${by.kind} ${by.metadata.namespace}/${by.metadata.name} receives ${everything}, so this route receives none.`,
        fix: "Attach the route to a listener of its own, or remove one of the two.",
        related: [refOf(by)],
      },
    );
  });
}
