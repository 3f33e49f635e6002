import type { PlaneReport } from "../ir/plane.ts";
import type { RoutingModel } from "../ir/routing-model.ts";
import { planPorts } from "./plan-ports.ts";

/** The report that the embedded plane would give if every port were free: for commands that bind nothing. */
export function predictReport(routing: RoutingModel): PlaneReport {
  const { rejected } = planPorts(routing, () => [""]);
  const listeners = routing.gateways.flatMap((gateway) => gateway.listeners);
  return {
    generation: 0,
    addresses: {},
    listeners: Object.fromEntries(
      listeners.map(({ key, port }) => [key, rejected[key] ?? { state: "programmed", address: "", port }]),
    ),
  };
}
