import type { DataPlane, DataPlanePort } from "../../infrastructure/data-plane.ts";
import type { GatewayModel } from "../../ir/routing-model.ts";
import type { CompileContext } from "../contract.ts";
import { compareText } from "../order/by-name.ts";
import { completeSettings } from "./data-plane-settings.ts";
import { usualNamespace } from "./usual-namespace.ts";

/**
 * What has to run for the Ingresses of a class, in the controller's namespace: they come from all namespaces, so that nobody but
 * the controller owns it. Its settings are those of the GatewayConfig that the IngressClass names as its parameters.
 */
export function ingressDataPlane({ snapshot, options }: CompileContext, gateway: GatewayModel): DataPlane {
  const namespace = options.controllerNamespace ?? usualNamespace;
  // As the names of shared ones, this is none that a Gateway can have.
  const name = `ingress..${gateway.name}`;
  const ref = snapshot.get("IngressClass", undefined, gateway.name)?.spec.parameters;
  const config =
    ref?.kind === "GatewayConfig" && ref.namespace !== undefined
      ? snapshot.get("GatewayConfig", ref.namespace, ref.name)
      : undefined;
  return {
    key: `${namespace}/${name}`,
    mode: "shared",
    state: "wanted",
    namespace,
    name,
    title: { name: gateway.name, className: "ingress" },
    gateways: [
      {
        key: gateway.key,
        object: { kind: "IngressClass", group: "networking.k8s.io", name: gateway.name },
        namespace,
        name: gateway.name,
        className: gateway.name,
        labels: {},
        annotations: {},
        ports: portsOf(gateway),
        addresses: [],
      },
    ],
    settings: completeSettings(config?.spec ?? {}),
  };
}

function portsOf({ listeners }: GatewayModel): readonly DataPlanePort[] {
  const ports = new Map<string, DataPlanePort>();
  for (const { port, protocol: spoken } of listeners) {
    const protocol = spoken === "UDP" ? "UDP" : "TCP";
    ports.set(`${port}/${protocol}`, { port, protocol });
  }
  return [...ports.values()].sort((a, b) => a.port - b.port || compareText(a.protocol, b.protocol));
}
