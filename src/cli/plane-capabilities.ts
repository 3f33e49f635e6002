import type { CompileOptions } from "../compile/compile-options.ts";
import type { PlaneReport } from "../ir/plane.ts";
import type { RoutingModel } from "../ir/routing-model.ts";
import { planPorts } from "../proxy/plan-ports.ts";
import { featuresWith } from "./features.ts";

/**
 * What the embedded plane can do, as the compiler needs to know it. All protocols are compiled; listeners of those that the
 * plane does not bind are reported by the plane.
 */
export const planeCapabilities = {
  supportedProtocols: ["HTTP", "HTTPS", "TLS", "TCP", "UDP"],
  supportedFeatures: featuresWith([]),
} as const satisfies Pick<CompileOptions, "supportedProtocols" | "supportedFeatures">;

/** What the installed Gateway API lets a controller report. */
export type InstalledApi = {
  /** `Gateway.status.addresses[].routability`: in the experimental channel, since v1.7. */
  readonly routability: boolean;
};

/** The same where every Gateway gets pods and Services of its own, which brings infrastructure and reach of addresses. */
export function provisionedCapabilities({ routability }: InstalledApi) {
  const supportedFeatures = featuresWith(routability ? ["provisioned", "routability"] : ["provisioned"]);
  return { ...planeCapabilities, supportedFeatures } satisfies Pick<
    CompileOptions,
    "supportedProtocols" | "supportedFeatures"
  >;
}

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
