import { changesOf } from "../base/record-changes.ts";
import { UseCount } from "../base/use-count.ts";
import type { GatewayKey, GatewayModel, HttpRule, Listener, RoutingModel, StreamRule } from "../ir/routing-model.ts";
import type { HttpSeriesLabels } from "../telemetry/telemetry.ts";

/** The Gateways and routes of the model in force, as label sets name them. */
export class LiveRoutes {
  #gateways: ReadonlyMap<GatewayKey, GatewayModel> = new Map();
  readonly #routes = new UseCount();

  /** Takes over a model at the cost of what changed. */
  update({ gateways }: RoutingModel): void {
    const before = this.#gateways;
    this.#gateways = new Map(gateways.map((gateway) => [gateway.key, gateway]));
    for (const gateway of gateways) this.#count(gateway.key, before.get(gateway.key) ?? nothing, gateway);
    for (const [key, gateway] of before) if (!this.#gateways.has(key)) this.#count(key, gateway, nothing);
    this.#routes.takeTouched();
  }

  /** Whether a label set belongs to a route of the model. Requests without a route belong to their gateway. */
  has({ gateway_namespace, gateway_name, route_kind, route_namespace, route_name }: HttpSeriesLabels): boolean {
    if (gateway_name === "" && route_name === "") return true;
    const gateway = `${gateway_namespace}/${gateway_name}`;
    if (route_name === "") return this.#gateways.has(gateway);
    return this.#routes.has([gateway, route_kind, route_namespace, route_name].join(" "));
  }

  #count(key: GatewayKey, before: CountedGateway, after: CountedGateway): void {
    if (before === after) return;
    const { set, gone } = changesOf(before.httpRules, after.httpRules);
    const rulesOf = ({ httpRules }: CountedGateway, keys: readonly string[]) =>
      keys.flatMap((rule) => (Object.hasOwn(httpRules, rule) ? [httpRules[rule]!] : []));
    const textOf = ({ routeKind, namespace, name }: HttpRule | StreamRule) =>
      [key, routeKind, namespace, name].join(" ");
    this.#routes.add([...rulesOf(after, set), ...after.listeners.flatMap(streamRules)].map(textOf));
    this.#routes.remove([...rulesOf(before, [...set, ...gone]), ...before.listeners.flatMap(streamRules)].map(textOf));
  }
}

type CountedGateway = Pick<GatewayModel, "httpRules" | "listeners">;
const nothing: CountedGateway = { httpRules: {}, listeners: [] };

function streamRules(listener: Listener): readonly StreamRule[] {
  if (listener.protocol === "TLS") return listener.routes.map(({ rule }) => rule);
  if (listener.protocol !== "TCP" && listener.protocol !== "UDP") return [];
  return listener.rule === undefined ? [] : [listener.rule];
}
