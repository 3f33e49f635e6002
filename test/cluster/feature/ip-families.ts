import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import { type ApiObject, at } from "../api-object.ts";
import { echoBackend } from "../backends.ts";
import { type Feature, gatewayApi, type Scene } from "../feature.ts";
import { ask, askUntil, echoOf, hasStatus } from "../gateway-request.ts";

const namespace = "ip-families";
const host = "families.example.test";
/** Connections enough that a family of endpoints which is not used would be noticed. */
const asked = 20;

const familyOf = (address: string): string => (isIPv6(address) ? "IPv6" : "IPv4");

/** Of the cluster: those that its node has addresses of, the first first. */
async function clusterFamilies(scene: Scene): Promise<readonly string[]> {
  const [node] = await scene.cluster.list({ apiVersion: "v1", kind: "Node" });
  assert.ok(node !== undefined);
  const addresses = at(node, "status", "addresses") as readonly { readonly address: string }[];
  return addresses.map(({ address }) => familyOf(address));
}

async function service(scene: Scene): Promise<ApiObject> {
  const [found] = await scene.cluster.list(
    { apiVersion: "v1", kind: "Service", namespace },
    "gateway.networking.k8s.io/gateway-name=edge",
  );
  assert.ok(found !== undefined);
  return found;
}

export const ipFamilies: Feature = {
  name: namespace,
  shape: "in-cluster",
  manifest: `
${echoBackend("echo")}
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: "@class"
  listeners: [{ name: http, protocol: HTTP, port: 80 }]
  infrastructure: { parametersRef: { group: gateway.sluice.dev, kind: GatewayConfig, name: edge } }
---
apiVersion: gateway.sluice.dev/v1alpha1
kind: GatewayConfig
metadata: { name: edge }
spec: { service: { ipFamilyPolicy: PreferDualStack } }
---
apiVersion: v1
kind: Service
metadata: { name: both }
spec: { ipFamilyPolicy: PreferDualStack, selector: { app: echo }, ports: [{ port: 8080, targetPort: 3000 }] }
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: app }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [${host}]
  rules: [{ backendRefs: [{ name: both, port: 8080 }] }]
`,
  tests: {
    "the Gateway has an address of the cluster's first family and is served there": async (scene) => {
      const address = await scene.address("edge");
      assert.equal(familyOf(address), (await clusterFamilies(scene))[0]);
      await askUntil({ address, host }, hasStatus(200));
    },

    "its proxies answer on every family of the cluster": async (scene) => {
      const addresses = at(await service(scene), "spec", "clusterIPs") as readonly string[];
      assert.deepEqual(addresses.map(familyOf), await clusterFamilies(scene));
      for (const address of addresses) await askUntil({ address, host }, hasStatus(200));
    },

    "endpoints of every family are good for requests": async (scene) => {
      const slices = await scene.cluster.list(
        { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", namespace },
        "kubernetes.io/service-name=both",
      );
      const families = slices.map((slice) => String(at(slice, "addressType"))).sort();
      assert.deepEqual(families, [...(await clusterFamilies(scene))].sort());
      const address = await scene.address("edge");
      for (let count = 0; count < asked; count++)
        assert.equal(echoOf(await ask({ address, host })).namespace, namespace);
    },
  },
};
