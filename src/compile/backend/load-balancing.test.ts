import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { defaultOptions, resourcesOf } from "../../../test/compile-case.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { compile } from "../compile.ts";
import { loadBalancingAnnotation, loadBalancingValues } from "./load-balancing.ts";

const manifests = (annotation: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: sluice }
spec: { controllerName: ${defaultOptions.controllerName} }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec: { gatewayClassName: sluice, listeners: [{ name: http, protocol: HTTP, port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: app, namespace: default }
spec: { parentRefs: [{ name: edge }], rules: [{ backendRefs: [{ name: app, port: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: app, namespace: default, annotations: { ${annotation} } }
spec: { selector: { app: app }, ports: [{ port: 80 }] }
`;

for (const [annotation, expected, findings] of [
  ["", "roundRobin", []],
  ["sluice.dev/load-balancing: round-robin", "roundRobin", []],
  ["sluice.dev/load-balancing: least-request", "leastRequest", []],
  ["sluice.dev/load-balancing: random", "roundRobin", ["load-balancing-unknown"]],
] as const) {
  test(`loadBalancingOf() a Service with { ${annotation} } is ${expected}`, () => {
    const result = compile(createSnapshot(resourcesOf(manifests(annotation))), defaultOptions);
    assert.equal(result.routing.clusters["default/app:80"]?.traffic.loadBalancing, expected);
    const found = result.findings.map(({ name }) => name).filter((name) => name !== "backend-endpoints-unknown");
    assert.deepEqual(found, findings);
  });
}

test("docs/reference/services.md names the annotation and its values", () => {
  const page = readFileSync(new URL("../../../docs/reference/services.md", import.meta.url), "utf8");
  for (const word of [loadBalancingAnnotation, ...Object.keys(loadBalancingValues)])
    assert.ok(page.includes(`\`${word}\``), word);
});
