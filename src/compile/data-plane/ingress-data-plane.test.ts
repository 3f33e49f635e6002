import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultOptions, resourcesOf } from "../../../test/compile-case.ts";
import { defaultIngressOptions } from "../../ingress/ingress-options.ts";
import { createSnapshot } from "../../store/create-snapshot.ts";
import { compile } from "../compile.ts";

const ingress = { ...defaultIngressOptions, classes: ["nginx"] };
const options = { ...defaultOptions, controllerNamespace: "infra", ingress };

const planes = (yaml: string) => compile(createSnapshot(resourcesOf(yaml)), options).dataPlanes;

test("ingressDataPlane: one for the Ingresses of all namespaces, where the controller is, with the ports of its listeners", () => {
  // Nobody has given a certificate, and none is made here: there is no listener for TLS.
  const [plane, ...others] = planes(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop, namespace: shop }
spec: { ingressClassName: nginx, rules: [{ host: shop.example.com }] }
`);
  assert.equal(others.length, 0);
  assert.equal(plane?.key, "infra/ingress..nginx");
  assert.deepEqual(plane?.title, { name: "nginx", className: "ingress" });
  assert.deepEqual(
    plane?.gateways.map(({ key, object, ports }) => [key, object.kind, ports.map(({ port }) => port)]),
    [["IngressClass/nginx", "IngressClass", [80]]],
  );
});

test("ingressDataPlane: the parameters of the IngressClass say how it is run", () => {
  const [plane] = planes(`
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: nginx }
spec:
  controller: k8s.io/ingress-nginx
  parameters: { apiGroup: gateway.sluice.dev, kind: GatewayConfig, name: edge, namespace: infra, scope: Namespace }
---
apiVersion: gateway.sluice.dev/v1alpha1
kind: GatewayConfig
metadata: { name: edge, namespace: infra }
spec: { replicas: 3 }
`);
  assert.equal(plane?.settings.replicas, 3);
});
