import type { Finding } from "../finding/finding.ts";
import type { RoutingModel } from "../ir/routing-model.ts";

/** What a reload changed, for one line of the log. */
export type GenerationDiff = {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** Findings that were not there before, and those that went away. */
  readonly newFindings: readonly Finding[];
  readonly goneFindings: number;
};

type Side = { readonly routing: RoutingModel; readonly findings: readonly Finding[] };

/** Counts routes, by kind, namespace and name, and findings, by code and field. */
export function diffGenerations(before: Side, after: Side): GenerationDiff {
  const old = routesOf(before.routing);
  const now = routesOf(after.routing);
  const keptKeys = [...now.keys()].filter((key) => old.has(key));
  const oldFindings = new Set(before.findings.map(identityOf));
  const nowFindings = new Set(after.findings.map(identityOf));
  return {
    added: now.size - keptKeys.length,
    removed: old.size - keptKeys.length,
    changed: keptKeys.filter((key) => old.get(key) !== now.get(key)).length,
    newFindings: after.findings.filter((finding) => !oldFindings.has(identityOf(finding))),
    goneFindings: [...oldFindings].filter((identity) => !nowFindings.has(identity)).length,
  };
}

/** `+1 route, -2 routes, 1 changed`; `routes as before` when nothing did. */
export function renderDiff({ added, removed, changed }: GenerationDiff): string {
  const routes = (count: number) => `${count} ${count === 1 ? "route" : "routes"}`;
  const parts = [
    added > 0 ? `+${routes(added)}` : "",
    removed > 0 ? `-${routes(removed)}` : "",
    changed > 0 ? `${routes(changed)} changed` : "",
  ].filter(Boolean);
  return parts.join(", ") || "routes as before";
}

/** What each route does, as text to compare: its rules and where they are attached. */
function routesOf({ gateways }: RoutingModel): Map<string, string> {
  const parts = new Map<string, string[]>();
  const add = (rule: { routeKind: string; namespace: string; name: string }, part: unknown) => {
    const key = `${rule.routeKind} ${rule.namespace}/${rule.name}`;
    const list = parts.get(key) ?? [];
    list.push(JSON.stringify(part));
    parts.set(key, list);
  };
  for (const gateway of gateways) {
    for (const rule of Object.values(gateway.httpRules)) add(rule, rule);
    for (const listener of gateway.listeners) {
      if ("virtualHosts" in listener) {
        for (const { hostname, entries } of listener.virtualHosts) {
          for (const entry of entries) {
            const rule = gateway.httpRules[entry.rule];
            if (rule) add(rule, [listener.key, hostname, entry]);
          }
        }
      } else if ("routes" in listener) {
        for (const entry of listener.routes) add(entry.rule, [listener.key, entry]);
      } else if (listener.rule) add(listener.rule, [listener.key, listener.rule]);
    }
  }
  return new Map([...parts].map(([key, list]) => [key, list.join("\n")]));
}

function identityOf({ code, object, pointer, message }: Finding): string {
  return JSON.stringify([code, object.kind, object.namespace ?? "", object.name, pointer, message]);
}
