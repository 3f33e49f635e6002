import type { GatewayModel, Listener } from "../ir/routing-model.ts";
import type { HttpSeriesLabels } from "../telemetry/telemetry.ts";

/** What names a listener in metrics and logs. */
export type NamedListener = {
  readonly gateway: Pick<GatewayModel, "namespace" | "name">;
  readonly listener: Pick<Listener, "name">;
};

/** Labels of what no route serves. */
export function listenerLabels({ gateway, listener }: NamedListener): HttpSeriesLabels {
  return {
    gateway_name: gateway.name,
    gateway_namespace: gateway.namespace,
    listener: listener.name,
    route_kind: "",
    route_namespace: "",
    route_name: "",
    rule: "",
    backend_name: "",
  };
}
