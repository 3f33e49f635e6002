import { unreachable } from "../base/unreachable.ts";
import { describeFilter, describeMatch, describeRetry, describeRule, describeTarget } from "../ir/describe.ts";
import type { GatewayModel, HttpRule, Listener, RoutingModel, StreamRule } from "../ir/routing-model.ts";
import type { RouteRow } from "./api.ts";

/** The routing model as rows, in the order in which requests are matched. */
export function routeRows(model: RoutingModel): readonly RouteRow[] {
  return model.gateways.flatMap((gateway) => gateway.listeners.flatMap((listener) => listenerRows(gateway, listener)));
}

function listenerRows(gateway: GatewayModel, listener: Listener): RouteRow[] {
  const common = { gateway: gateway.key, listener: listener.name, protocol: listener.protocol, port: listener.port };
  switch (listener.protocol) {
    case "HTTP":
    case "HTTPS":
      return listener.virtualHosts.flatMap((host) =>
        host.entries.flatMap((entry) => {
          const rule = gateway.httpRules[entry.rule];
          if (!rule) return [];
          const filters = [...listener.filters, ...rule.filters].map(({ filter }) => describeFilter(filter));
          return [
            {
              ...common,
              hostname: host.hostname,
              match: describeMatch(entry.match),
              ...rulePart(rule),
              does: [...filters, ...describeSettings(rule), ...policyNames(listener, rule)],
            },
          ];
        }),
      );
    case "TLS":
      return listener.routes.map(({ hostname, rule }) => ({
        ...common,
        hostname,
        match: listener.tls.mode === "passthrough" ? "SNI, passed through" : "SNI",
        ...rulePart(rule),
        does: [],
      }));
    case "TCP":
    case "UDP":
      return listener.rule
        ? [{ ...common, hostname: "*", match: "every connection", ...rulePart(listener.rule), does: [] }]
        : [];
    default:
      return unreachable(listener);
  }
}

type RulePart = Pick<RouteRow, "route" | "namespace" | "backends">;

function rulePart(rule: HttpRule | StreamRule): RulePart {
  const total = rule.backends.reduce((sum, { weight }) => sum + weight, 0);
  return {
    route: describeRule(rule),
    namespace: rule.namespace,
    backends: rule.backends.map((backend) => ({
      backend: describeTarget(backend.target),
      weight: backend.weight,
      percent: total === 0 ? 0 : Math.round((backend.weight / total) * 10_000) / 100,
    })),
  };
}

function policyNames(...places: readonly (Listener | HttpRule)[]): string[] {
  return places.flatMap(({ policies = [] }) =>
    policies.map(({ from }) => `${from.kind} ${from.namespace}/${from.name}`),
  );
}

function describeSettings(rule: HttpRule): string[] {
  const { requestMs, backendRequestMs } = rule.timeouts;
  return [
    requestMs > 0 ? `request timeout ${requestMs} ms` : "",
    backendRequestMs > 0 ? `backend timeout ${backendRequestMs} ms` : "",
    rule.retry && rule.retry.attempts > 0 ? describeRetry(rule.retry) : "",
    rule.sessionPersistence ? `sticky by ${rule.sessionPersistence.kind} ${rule.sessionPersistence.name}` : "",
  ].filter(Boolean);
}
