import { controllerLabels, controllerName, objectMeta, ports } from "./names.ts";
import { each, isSet, isValue, itemOf, type Node, option, when } from "./template.ts";

/** What a data plane's pods are labelled with; see `src/provision`. */
export const dataPlaneLabels = {
  "app.kubernetes.io/name": "sluice",
  "app.kubernetes.io/component": "data-plane",
} as const;

/** Who may reach the controller's pods. The kubelet's probes come from the node, which no policy keeps out. */
export function networkPolicy(version: string): Node {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: objectMeta(version, { name: controllerName, namespace: option("namespace") }),
    spec: {
      podSelector: { matchLabels: controllerLabels },
      policyTypes: ["Ingress"],
      ingress: [
        {
          from: [{ namespaceSelector: {}, podSelector: { matchLabels: dataPlaneLabels } }],
          ports: [{ protocol: "TCP", port: ports.stream }],
        },
        when(isSet("networkPolicy.metricsNamespaces"), {
          from: [
            each("networkPolicy.metricsNamespaces", {
              namespaceSelector: {
                matchLabels: { "kubernetes.io/metadata.name": itemOf("networkPolicy.metricsNamespaces") },
              },
            }),
          ],
          ports: [{ protocol: "TCP", port: ports.admin }],
        }),
        // What clients of an embedded data plane come for.
        when(isValue("plane", "embedded"), {
          ports: [each("service.ports", { protocol: "TCP", port: itemOf("service.ports") })],
        }),
      ],
    },
  };
}
