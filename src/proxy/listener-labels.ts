import type { BoundListener } from "../ir/select.ts";
import type { HttpSeriesLabels } from "../telemetry/telemetry.ts";

/** Labels of what no route serves. */
export function listenerLabels({ gateway, listener }: BoundListener): HttpSeriesLabels {
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
