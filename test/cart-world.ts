import { service, yaml } from "./compile-case.ts";

/**
 * The objects of a Gateway `shop/edge` with one HTTP listener, a Service `shop/api` and an HTTPRoute `shop/cart` of one rule,
 * with `filters` (YAML of a list) when there are any; `more` objects behind them.
 */
export function cartWorld(more: readonly string[], filters = "[]"): string {
  return yaml(
    `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: ours }
spec: { controllerName: example.com/gateway }`,
    `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  gatewayClassName: ours
  listeners: [{ name: web, port: 80, protocol: HTTP }]`,
    `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - filters: ${filters}
      backendRefs: [{ name: api, port: 80 }]`,
    service("api"),
    ...more,
  );
}
