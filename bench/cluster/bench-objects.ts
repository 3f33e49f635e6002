/** Objects of the benchmarks. */
import type { ApiObject } from "../../test/cluster/api-object.ts";
import { echoBackend } from "../../test/cluster/backends.ts";
import { gatewayApi } from "../../test/cluster/feature.ts";

export const gatewayName = "edge";

/** A Gateway that takes routes of all namespaces, and an echo backend, as YAML. */
export const edgeManifest: string = `
${echoBackend("echo")}
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: ${gatewayName} }
spec:
  gatewayClassName: "@class"
  listeners: [{ name: http, protocol: HTTP, port: 80, allowedRoutes: { namespaces: { from: All } } }]
`;

export const hostOf = (index: number): string => `route-${index}.example.test`;

export type BenchRoute = {
  readonly index: number;
  readonly namespace: string;
  /** Of the Gateway. */
  readonly gatewayNamespace: string;
  /** Default: `echo`. */
  readonly service?: string;
  /** Default: the index. */
  readonly mark?: string;
};

/** A route with a host of its own; its answers carry its mark in the header `x-route`. */
export function benchRoute({ index, namespace, gatewayNamespace, service = "echo", mark }: BenchRoute): ApiObject {
  return {
    apiVersion: gatewayApi,
    kind: "HTTPRoute",
    metadata: { name: `route-${index}`, namespace },
    spec: {
      parentRefs: [{ name: gatewayName, namespace: gatewayNamespace }],
      hostnames: [hostOf(index)],
      rules: routeRules({ service, mark: mark ?? String(index) }),
    },
  };
}

export function routeRules({ service, mark }: { readonly service: string; readonly mark: string }): readonly unknown[] {
  return [
    {
      filters: [
        { type: "ResponseHeaderModifier", responseHeaderModifier: { set: [{ name: "x-route", value: mark }] } },
      ],
      backendRefs: [{ name: service, port: 8080 }],
    },
  ];
}
