import type { DataPlane } from "../infrastructure/data-plane.ts";
import { adminPortOf } from "./deployment.ts";
import { type DesiredObject, desiredObject } from "./managed-object.ts";
import { podSelector } from "./object-labels.ts";
import { objectName } from "./object-name.ts";

export type NetworkPolicyOptions = {
  /** Whose pods may reach the admin port. */
  readonly metricsNamespaces: readonly string[];
};

const lastPort = 65_535;

/**
 * Who may reach the pods of a data plane: everybody on every port but the admin endpoint's, which only the namespaces that are
 * named reach. Not a list of the listeners' ports: nothing else listens in the pods, and a policy that was left behind must not
 * close a listener. The kubelet's probes come from the node, which no policy keeps out.
 */
export function networkPolicy(
  plane: DataPlane,
  { metricsNamespaces }: NetworkPolicyOptions,
  controllerName: string,
): DesiredObject {
  const admin = adminPortOf(plane);
  const metrics = metricsNamespaces.map((namespace) => ({
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
  }));
  return desiredObject(plane, {
    kind: "NetworkPolicy",
    name: objectName(plane),
    controllerName,
    fields: {
      spec: {
        podSelector: { matchLabels: podSelector(plane) },
        policyTypes: ["Ingress"],
        ingress: [
          {
            ports: [
              { protocol: "TCP", port: 1, endPort: admin - 1 },
              { protocol: "TCP", port: admin + 1, endPort: lastPort },
              { protocol: "UDP", port: 1, endPort: lastPort },
            ],
          },
          ...(metrics.length === 0 ? [] : [{ from: metrics, ports: [{ protocol: "TCP", port: admin }] }]),
        ],
      },
    },
  });
}
