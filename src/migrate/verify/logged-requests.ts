/** Requests of an access log as requests to both sides. */
import type { AskedHost } from "./derive-probes.ts";
import type { Probe } from "./probe.ts";
import type { LoggedRequest } from "./read-access-log.ts";
import { decide, isHttp, requestOf, type Side } from "./side.ts";

export type PlacedRequests = {
  readonly hosts: readonly AskedHost[];
  /** Lines whose host neither the log nor `old` tells. */
  readonly homeless: number;
};

/**
 * Where a log does not tell the host, it is the first whose requests for that path `old` sends to the Service that the log names.
 * No log tells the scheme: redirects are taken for answers over http, all else for https where `old` has it.
 */
export function placeRequests(requests: readonly LoggedRequest[], old: Side): PlacedRequests {
  const candidates = hostsByService(old);
  const byHost = new Map<string, Probe[]>();
  let homeless = 0;
  for (const request of requests) {
    const { method, target, times, client } = request;
    const scheme = old.ports.https === undefined || (request.status >= 300 && request.status < 400) ? "http" : "https";
    const plain = { shape: "logged", scheme, method, target, written: target, headers: [], client, times } as const;
    const host =
      request.host ??
      (candidates.get(request.upstream) ?? []).find((one) => serves(old, { ...plain, host: one }, request.upstream));
    if (host === undefined || host === "") homeless += times;
    else byHost.set(host, [...(byHost.get(host) ?? []), { ...plain, host }]);
  }
  const hosts = [...byHost].map(([host, probes]) => ({ hostname: host, host, probes: () => probes }));
  return { hosts, homeless };
}

function serves(old: Side, probe: Probe, upstream: string): boolean {
  const decision = decide(old, requestOf(old, probe));
  if (decision.kind === "none") return false;
  return decision.rule.backends.some(
    ({ target }) => target.kind === "cluster" && nginxName(target.cluster, old) === upstream,
  );
}

/** Hosts, without wildcards, some path of which leads to each Service. */
function hostsByService(side: Side): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, Set<string>>();
  for (const { listeners, httpRules } of side.routing.gateways)
    for (const { virtualHosts } of listeners.filter(isHttp))
      for (const { hostname, entries } of virtualHosts)
        for (const { rule } of /[*?]/.test(hostname) ? [] : entries)
          for (const { target } of httpRules[rule]?.backends ?? []) {
            if (target.kind !== "cluster") continue;
            const name = nginxName(target.cluster, side);
            hosts.set(name, (hosts.get(name) ?? new Set()).add(hostname));
          }
  return new Map([...hosts].map(([name, found]) => [name, [...found]]));
}

function nginxName(key: string, { routing }: Side): string {
  const cluster = routing.clusters[key];
  return cluster ? `${cluster.namespace}-${cluster.name}-${cluster.port}` : "";
}
