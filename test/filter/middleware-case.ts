/** Middlewares of Traefik's, compiled in a route that refers to one. */
import { compile } from "../../src/compile/compile.ts";
import type { Filter } from "../../src/ir/filter.ts";
import { createSnapshot } from "../../src/store/create-snapshot.ts";
import { brief, defaultOptions, resourcesOf, service, yaml } from "../compile-case.ts";

const world = [
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
    - filters: [{ type: ExtensionRef, extensionRef: { group: traefik.io, kind: Middleware, name: it } }]
      backendRefs: [{ name: api, port: 80 }]`,
  service("api"),
];

/** What the Middleware `it` of this spec (YAML) comes to; `others`: further objects. */
export function compileMiddlewareCase(
  spec: string,
  ...others: readonly string[]
): { readonly filters: readonly Filter[]; readonly findings: readonly string[] } {
  const middleware = `apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: { name: it, namespace: shop }
spec: ${spec}`;
  const result = compile(createSnapshot(resourcesOf(yaml(...world, middleware, ...others))), defaultOptions);
  const rule = Object.values(result.routing.gateways[0]?.httpRules ?? {})[0];
  return {
    filters: (rule?.filters ?? []).map(({ filter }) => filter),
    findings: brief(result.findings.filter(({ object }) => object.kind !== "Service")),
  };
}
