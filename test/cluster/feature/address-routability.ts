import assert from "node:assert/strict";
import { cidrContains, parseCidr } from "../../../src/base/cidr.ts";
import { type ApiObject, at } from "../api-object.ts";
import { echoBackend } from "../backends.ts";
import { type Expected, type Feature, gatewayApi, type Scene } from "../feature.ts";
import { askUntil, hasStatus } from "../gateway-request.ts";

const host = "routable.example.test";
/** Where the rig's cluster IPs are. */
const serviceNetwork = parseCidr("198.18.128.0/18");
/** Reserved for tests: supported and reported, without any meaning. Spec: GEP-5093, Well-Known Values. */
const sentinel = "testing.x-k8s.io/sentinel";

const gateway = (name: string, addresses: string) => `
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: ${name} }
spec:
  gatewayClassName: "@class"
  addresses: ${addresses}
  listeners: [{ name: http, protocol: HTTP, port: 80 }]`;

type Address = { readonly type?: string; readonly value: string; readonly routability?: string };

function addressesOf(object: ApiObject): readonly Address[] {
  return (at(object, "status", "addresses") ?? []) as readonly Address[];
}

async function waitFor(scene: Scene, name: string, expected: readonly Expected[]): Promise<readonly Address[]> {
  return addressesOf(await scene.waitForConditions(scene.named("Gateway", name), expected));
}

const assigned: readonly Expected[] = [
  { type: "AddressesAssigned", status: "True", reason: "AddressesAssigned" },
  { type: "Programmed", status: "True" },
];

function isClusterIp({ value }: Address): boolean {
  return serviceNetwork !== undefined && cidrContains(serviceNetwork, value);
}

export const addressRoutability: Feature = {
  name: "address-routability",
  shape: "in-cluster",
  manifest: `
${echoBackend("echo")}
---
${gateway("plain", "[]")}
---
${gateway("internal", "[{ type: IPAddress, routability: Cluster }]")}
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: app }
spec:
  parentRefs: [{ name: plain }, { name: internal }]
  hostnames: [${host}]
  rules: [{ backendRefs: [{ name: echo, port: 8080 }] }]
`,
  tests: {
    "an address that nobody asked for is reported without a routability, which means the usual one": async (scene) => {
      const addresses = await waitFor(scene, "plain", assigned);
      assert.equal(addresses.length, 1);
      assert.ok(addresses[0] !== undefined && !("routability" in addresses[0]));
    },

    "Cluster is an address of the cluster, and of the cluster alone": async (scene) => {
      const addresses = await waitFor(scene, "internal", assigned);
      assert.equal(addresses.length, 1);
      assert.equal(addresses[0]?.routability, "Cluster");
      assert.ok(isClusterIp(addresses[0]), addresses[0].value);
      await askUntil({ address: addresses[0].value, host }, hasStatus(200));
    },

    "the value that is reserved for tests is supported": async (scene) => {
      await scene.apply(gateway("sentinel", `[{ type: IPAddress, routability: ${sentinel} }]`));
      const addresses = await waitFor(scene, "sentinel", assigned);
      assert.deepEqual(
        addresses.map(({ routability }) => routability),
        [sentinel],
      );
    },

    "a value that nobody knows is not assigned, and the Gateway is not programmed": async (scene) => {
      for (const value of ["example.com/wan", "testing.x-k8s.io/other"]) {
        const name = value.endsWith("wan") ? "unknown" : "reserved";
        await scene.apply(gateway(name, `[{ type: IPAddress, routability: ${value} }]`));
        const addresses = await waitFor(scene, name, [
          { type: "AddressesAssigned", status: "False", reason: "NotAssigned" },
          { type: "Programmed", status: "False", reason: "AddressNotAssigned" },
        ]);
        assert.deepEqual(addresses, []);
      }
    },

    "of several entries those that can be are assigned": async (scene) => {
      await scene.apply(gateway("some", "[{ routability: Cluster }, { routability: example.com/wan }]"));
      const addresses = await waitFor(scene, "some", [
        { type: "AddressesAssigned", status: "False", reason: "PartiallyAssigned" },
      ]);
      assert.equal(addresses.length, 1);
      assert.equal(addresses[0]?.routability, "Cluster");
    },

    "an address outside and one in the cluster stand side by side": async (scene) => {
      await scene.apply(gateway("two", "[{ type: IPAddress }, { type: IPAddress, routability: Cluster }]"));
      const addresses = await waitFor(scene, "two", assigned);
      assert.equal(addresses.length, 2);
      assert.equal(new Set(addresses.map(({ value }) => value)).size, 2);
      assert.equal(addresses.filter((address) => isClusterIp(address)).length, 1);
    },
  },
};
