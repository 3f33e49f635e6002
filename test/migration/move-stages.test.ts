import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { compile } from "../../src/compile/compile.ts";
import { readMoveInput } from "../../src/migrate/move/move-unit.ts";
import { stageChanges } from "../../src/migrate/move/stage-changes.ts";
import type { JsonObject } from "../../src/resource/json.ts";
import { validateObject } from "../../src/resource/validate-object.ts";
import { createSnapshot } from "../../src/store/create-snapshot.ts";
import { defaultOptions } from "../compile-case.ts";

const manifests = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop, namespace: shop }
spec: { rules: [{ host: shop.test, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: ours }
spec: { controllerName: example.com/gateway }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec: { gatewayClassName: ours, listeners: [{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  hostnames: [shop.test]
  rules: [{ backendRefs: [{ name: web, port: 80 }] }]
`;
const backends = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: edge-move-ours, namespace: infra }
spec: { ports: [{ port: 80 }] }
`;

const objectsOf = (yaml: string) => parseAllDocuments(yaml).map((document) => document.toJS() as JsonObject);

for (const [stage, weight] of [
  ["sideBySide", 0],
  ["mirror", 0],
  ["percentage", 10],
  ["cutOver", 100],
] as const) {
  test(`what a host has in the stage ${stage} is served without a finding`, () => {
    const { base, units } = readMoveInput(objectsOf(manifests));
    const [unit] = units;
    assert.ok(unit);
    const result = stageChanges(
      unit,
      "sideBySide",
      { stage, weight },
      { base, oldService: { namespace: "nginx", name: "controller" } },
    );
    assert.ok("changes" in result);
    const applied = result.changes
      .filter(({ kind, object }) => kind === "apply" && object["kind"] !== "Ingress")
      .map(({ object }) => object);
    const read = [...base, ...applied, ...objectsOf(backends)].map((raw) => validateObject(raw));
    const resources = read.flatMap(({ resource }) => (resource === undefined ? [] : [resource]));
    const { findings, routing } = compile(createSnapshot(resources), defaultOptions);
    const wrong = [...read.flatMap((each) => each.findings), ...findings].filter(
      ({ severity }) => severity === "error",
    );
    assert.deepEqual(
      wrong.map(({ message }) => message),
      [],
    );
    assert.equal(routing.gateways.length, stage === "mirror" || stage === "percentage" ? 2 : 1);
  });
}
