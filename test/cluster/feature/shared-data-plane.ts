import assert from "node:assert/strict";
import type { ApiObject } from "../api-object.ts";
import { echoBackend } from "../backends.ts";
import { type Feature, gatewayApi, type Scene } from "../feature.ts";
import { askUntil, hasStatus } from "../gateway-request.ts";

const host = "shared.example.test";

/** Deployments of the class's data planes in the controller's namespace, where shared ones are; that of Ingresses is there, too. */
function sharedPlanes(scene: Scene): Promise<readonly ApiObject[]> {
  const kind = { apiVersion: "apps/v1", kind: "Deployment", namespace: scene.controllerNamespace };
  const ofClass = `gateway.networking.k8s.io/gateway-class-name=${scene.className}`;
  return scene.cluster.list(kind, `app.kubernetes.io/component=data-plane,${ofClass}`);
}

const gateway = (name: string, port: number) => `
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: ${name} }
spec:
  gatewayClassName: "@class"
  listeners: [{ name: http, protocol: HTTP, port: ${port} }]
  infrastructure: { parametersRef: { group: gateway.sluice.dev, kind: GatewayConfig, name: shared } }
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: ${name} }]
  hostnames: [${name}.${host}]
  rules: [{ backendRefs: [{ name: echo, port: 8080 }] }]`;

export const sharedDataPlane: Feature = {
  name: "shared-data-plane",
  shape: "in-cluster",
  manifest: `
${echoBackend("echo")}
---
apiVersion: gateway.sluice.dev/v1alpha1
kind: GatewayConfig
metadata: { name: shared }
spec: { dataPlane: { mode: Shared, name: common } }
---${gateway("one", 80)}
---${gateway("two", 8080)}
`,
  tests: {
    "two Gateways are served by one data plane, each on its own ports": async (scene) => {
      assert.equal((await sharedPlanes(scene)).length, 1);
      await askUntil({ address: await scene.address("one"), port: 80, host: `one.${host}` }, hasStatus(200));
      await askUntil({ address: await scene.address("two"), port: 8080, host: `two.${host}` }, hasStatus(200));
      await askUntil({ address: await scene.address("one"), port: 80, host: `two.${host}` }, hasStatus(404));
    },

    "it stays while a Gateway needs it, and goes with the last": async (scene) => {
      await scene.cluster.remove([scene.named("Gateway", "two")]);
      await scene.cluster.waitGone(scene.named("Gateway", "two"));
      await askUntil({ address: await scene.address("one"), port: 80, host: `one.${host}` }, hasStatus(200));
      assert.equal((await sharedPlanes(scene)).length, 1);
      await scene.cluster.remove([scene.named("Gateway", "one")]);
      await scene.eventually(async () => assert.equal((await sharedPlanes(scene)).length, 0));
    },
  },
};
