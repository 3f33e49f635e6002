/** A route under a policy of its own, found by its host. */
export type Case = {
  readonly host: string;
  /** `spec` of the BackendTrafficPolicy, but for its target. */
  readonly policy: object;
};

const kubernetes = (kind: string, name: string, rest: object) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind,
  metadata: { name, namespace: "default" },
  ...rest,
});

/** Everything that the gateway is given: one Service on all backends, and a route for each case. */
export function manifests(cases: readonly Case[], ports: readonly number[]): string {
  const objects = [
    { ...kubernetes("GatewayClass", "sluice", { spec: { controllerName: "sluice.dev/gateway-controller" } }) },
    kubernetes("Gateway", "edge", {
      spec: { gatewayClassName: "sluice", listeners: [{ name: "http", protocol: "HTTP", port: 80 }] },
    }),
    {
      ...kubernetes("Service", "app", { spec: { ports: [{ name: "http", port: 80 }] } }),
      apiVersion: "v1",
    },
    ...ports.map((port, index) => slice(index, port)),
    ...cases.flatMap((one) => routeOf(one)),
  ];
  return objects.map((object) => JSON.stringify(object)).join("\n---\n");
}

/** The backends share an address, so each has a slice with its port. */
function slice(index: number, port: number): object {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `app-${index}`, namespace: "default", labels: { "kubernetes.io/service-name": "app" } },
    addressType: "IPv4",
    ports: [{ name: "http", port }],
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
  };
}

function routeOf({ host, policy }: Case): readonly object[] {
  const name = host.replaceAll(".", "-");
  return [
    kubernetes("HTTPRoute", name, {
      spec: {
        parentRefs: [{ name: "edge" }],
        hostnames: [host],
        rules: [{ backendRefs: [{ name: "app", port: 80 }] }],
      },
    }),
    {
      ...kubernetes("BackendTrafficPolicy", name, {
        spec: { targetRefs: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", name }], ...policy },
      }),
      apiVersion: "gateway.sluice.dev/v1alpha1",
    },
  ];
}
