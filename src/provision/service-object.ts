import { isIPv6 } from "node:net";
import type { DataPlane } from "../infrastructure/data-plane.ts";
import { targetPorts } from "../ir/target-port.ts";
import { type DesiredObject, desiredObject } from "./managed-object.ts";
import { podSelector } from "./object-labels.ts";
import type { PlannedService } from "./service-plan.ts";

/**
 * A Service as it should be. Without `appProtocol`: some load balancers take it as leave to send health checks of their own
 * to `/`, which no route may serve. An address is asked for with `loadBalancerIP`, which MetalLB, LB-IPAM and clouds read, or
 * `clusterIP`; never with `externalIPs`, which takes traffic to any address away from whoever has it (CVE-2020-8554).
 */
export function serviceObject(plane: DataPlane, service: PlannedService, controllerName: string): DesiredObject {
  const { settings } = plane;
  return desiredObject(plane, {
    kind: "Service",
    name: service.name,
    controllerName,
    labels: settings.service.labels,
    annotations: settings.service.annotations,
    fields: {
      spec: {
        type: service.type,
        selector: podSelector(plane),
        ports: portsOf(plane, service),
        ...familyOf(plane, service),
        ...addressOf(service),
        ...byType(plane, service),
      },
    },
  });
}

/** Names are unique and at most 9 characters; one port number may be served over TCP and UDP. */
function portsOf(plane: DataPlane, { ports }: PlannedService) {
  // Of all Gateways on the data plane: the proxies work out the same from theirs.
  const targets = targetPorts(plane.gateways.flatMap((gateway) => gateway.ports.map(({ port }) => port)));
  return ports.map(({ port, protocol }) => ({
    name: `${protocol.toLowerCase()}-${port}`,
    protocol,
    port,
    targetPort: targets.get(port) ?? port,
  }));
}

function familyOf({ settings }: DataPlane, { address }: PlannedService) {
  const { ipFamilyPolicy } = settings.service;
  if (address !== undefined) {
    return { ipFamilyPolicy: "SingleStack", ipFamilies: [isIPv6(address) ? "IPv6" : "IPv4"] };
  }
  return ipFamilyPolicy === undefined ? {} : { ipFamilyPolicy };
}

function addressOf({ type, address }: PlannedService) {
  if (address === undefined) return {};
  return type === "LoadBalancer" ? { loadBalancerIP: address } : { clusterIP: address };
}

/** What the API server refuses for other types. */
function byType({ settings }: DataPlane, { type }: PlannedService) {
  const { externalTrafficPolicy, loadBalancerClass, loadBalancerSourceRanges } = settings.service;
  return {
    ...(type === "ClusterIP" || externalTrafficPolicy === undefined ? {} : { externalTrafficPolicy }),
    ...(type !== "LoadBalancer" || loadBalancerClass === undefined ? {} : { loadBalancerClass }),
    ...(type !== "LoadBalancer" || loadBalancerSourceRanges.length === 0 ? {} : { loadBalancerSourceRanges }),
  };
}
