import assert from "node:assert/strict";
import { at, conditionsAt } from "../api-object.ts";
import { echoBackend } from "../backends.ts";
import { type Feature, gatewayApi, type Scene } from "../feature.ts";
import { askUntil, hasStatus } from "../gateway-request.ts";

const host = "default.example.test";

/** Names of the parents that the route's status has. */
async function parentsOf(scene: Scene, route: string): Promise<readonly unknown[]> {
  const object = await scene.cluster.find(scene.named("HTTPRoute", route));
  const parents = at(object, "status", "parents");
  return Array.isArray(parents) ? parents.map((parent) => at(parent, "parentRef", "name")) : [];
}

export const defaultGateways: Feature = {
  name: "default-gateways",
  manifest: `
${echoBackend("echo")}
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: default }
spec:
  gatewayClassName: "@class"
  defaultScope: All
  listeners: [{ name: http, protocol: HTTP, port: 80 }]
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: other }
spec: { gatewayClassName: "@class", listeners: [{ name: http, protocol: HTTP, port: 80 }] }
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: app }
spec:
  useDefaultGateways: All
  hostnames: [${host}]
  rules: [{ backendRefs: [{ name: echo, port: 8080 }] }]
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: both }
spec:
  useDefaultGateways: All
  parentRefs: [{ name: other }]
  hostnames: [both.${host}]
  rules: [{ backendRefs: [{ name: echo, port: 8080 }] }]
`,
  tests: {
    "a route without parentRefs is served by the default Gateway": async (scene) => {
      await askUntil({ address: await scene.address("default"), host }, hasStatus(200));
      assert.deepEqual(await parentsOf(scene, "app"), ["default"]);
    },

    "and by no other": async (scene) => {
      await askUntil({ address: await scene.address("other"), host }, hasStatus(404));
    },

    "a route that also names a Gateway is served by both": async (scene) => {
      for (const gateway of ["default", "other"]) {
        await askUntil({ address: await scene.address(gateway), host: `both.${host}` }, hasStatus(200));
      }
      assert.deepEqual([...(await parentsOf(scene, "both"))].sort(), ["default", "other"]);
    },

    "the spec of the route is left alone": async (scene) => {
      const route = await scene.cluster.find(scene.named("HTTPRoute", "app"));
      assert.equal(at(route, "spec", "parentRefs"), undefined);
    },

    "a default Gateway says that it is one": async (scene) => {
      await scene.waitForConditions(scene.named("Gateway", "default"), [{ type: "DefaultGateway", status: "True" }]);
      const other = await scene.cluster.find(scene.named("Gateway", "other"));
      assert.ok(other);
      assert.ok(!conditionsAt(other, "status", "conditions").some(({ type }) => type === "DefaultGateway"));
    },

    "a Gateway that is no default any more lets the routes go": async (scene) => {
      const name = scene.named("Gateway", "default");
      await scene.cluster.merge(name, { spec: { defaultScope: "None" } });
      await askUntil({ address: await scene.address("default"), host }, hasStatus(404));
      await scene.eventually(async () => {
        assert.deepEqual(await parentsOf(scene, "app"), []);
        assert.deepEqual(await parentsOf(scene, "both"), ["other"]);
      });
      await scene.cluster.waitFor(
        name,
        (gateway) => !conditionsAt(gateway, "status", "conditions").some(({ type }) => type === "DefaultGateway"),
        { what: "without the condition DefaultGateway" },
      );
    },
  },
};
