import type { GatewayModel, RoutingModel } from "../ir/routing-model.ts";
import { writtenRule } from "../ir/rule-key.ts";

/** Rules of routes that are served, of every kind of route. */
export function countRules({ gateways }: RoutingModel): number {
  return gateways.reduce((sum, gateway) => sum + rulesOf(gateway), 0);
}

function rulesOf({ httpRules, listeners }: GatewayModel): number {
  const streamRules = listeners.flatMap((listener) => {
    if (listener.protocol === "TLS") return listener.routes.map(({ rule }) => rule.key);
    return "rule" in listener && listener.rule !== undefined ? [listener.rule.key] : [];
  });
  return new Set(Object.keys(httpRules).map(writtenRule)).size + new Set(streamRules).size;
}
