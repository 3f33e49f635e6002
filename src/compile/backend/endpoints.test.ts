import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileCase, contextOf, httpRoute, service, yaml } from "../../../test/compile-case.ts";
import { clusterEndpoints } from "./endpoints.ts";

const slice = (endpoints: string, extra = "ports: [{ name: http, port: 8080 }]", name = "a") => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: api-${name}, namespace: shop, labels: { kubernetes.io/service-name: api } }
addressType: ${extra.includes("addressType") ? extra.split("addressType: ")[1]?.split(",")[0] : "IPv4"}
endpoints: ${endpoints}
${extra.replace(/addressType: \w+, /, "")}`;

/** The endpoints of the clusters of a route to Service `api` port 80 over the given objects. */
function tableOf(docs: readonly string[], ref = "name: api, port: 80", options = {}) {
  const text = yaml(httpRoute(`  - backendRefs: [{ ${ref} }]`), ...docs);
  const { clusters } = compileCase(text, options);
  const { snapshot } = contextOf(text, options);
  return Object.fromEntries(
    [...clusters.values()].map((cluster) => [cluster.endpoints, clusterEndpoints(snapshot, cluster)]),
  );
}
const endpointsOf = (...docs: readonly string[]) => tableOf(docs)["shop/api:80"];

describe("clusterEndpoints: Services", () => {
  it("takes the container's port from the slice, by the port's name, and keeps zone and node", () => {
    assert.deepEqual(
      endpointsOf(
        service("api"),
        slice(
          "[{ addresses: [10.0.0.1], zone: z1, nodeName: n1 }]",
          "ports: [{ name: metrics, port: 9 }, { name: http, port: 8080 }]",
        ),
      ),
      [{ address: "10.0.0.1", port: 8080, zone: "z1", nodeName: "n1" }],
    );
  });

  it("matches a nameless port with a nameless port", () => {
    const nameless = service("api").replace("name: http, ", "");
    assert.deepEqual(endpointsOf(nameless, slice("[{ addresses: [10.0.0.1] }]", "ports: [{ port: 8080 }]")), [
      { address: "10.0.0.1", port: 8080 },
    ]);
    assert.deepEqual(endpointsOf(service("api"), slice("[{ addresses: [10.0.0.1] }]", "ports: [{ port: 8080 }]")), []);
  });

  it("joins slices of both address families, sorted, each address once", () => {
    assert.deepEqual(
      endpointsOf(
        service("api"),
        slice("[{ addresses: [10.0.0.2] }, { addresses: [10.0.0.1] }]"),
        slice("[{ addresses: [10.0.0.2] }]", undefined, "b"),
        slice('[{ addresses: ["fd00::1"] }]', "addressType: IPv6, ports: [{ name: http, port: 8080 }]", "c"),
      )?.map(({ address }) => address),
      ["10.0.0.1", "10.0.0.2", "fd00::1"],
    );
  });

  it("serves from what is ready, and counts unknown as ready", () => {
    assert.deepEqual(
      endpointsOf(
        service("api"),
        slice(
          "[{ addresses: [10.0.0.1] }, { addresses: [10.0.0.2], conditions: { ready: false } }, { addresses: [10.0.0.3], conditions: { ready: false, serving: true, terminating: true } }]",
        ),
      )?.map(({ address }) => address),
      ["10.0.0.1"],
    );
  });

  it("falls back to what is shutting down but still serves", () => {
    assert.deepEqual(
      endpointsOf(
        service("api"),
        slice(
          "[{ addresses: [10.0.0.2], conditions: { ready: false } }, { addresses: [10.0.0.3], conditions: { ready: false, serving: true, terminating: true } }, { addresses: [10.0.0.4], conditions: { ready: false, serving: false, terminating: true } }]",
        ),
      )?.map(({ address }) => address),
      ["10.0.0.3"],
    );
  });

  it("uses targetPort when the slice says every port, and the Service's port when that is a name", () => {
    const everyPort = slice("[{ addresses: [10.0.0.1] }]", "ports: [{ name: http }]");
    assert.equal(endpointsOf(service("api"), everyPort)?.[0]?.port, 8080);
    assert.equal(endpointsOf(service("api").replace("8080", "web"), everyPort)?.[0]?.port, 80);
  });

  it("has none without slices, and is not known for a Service that does not exist", () => {
    assert.deepEqual(endpointsOf(service("api")), []);
    assert.deepEqual(tableOf([], undefined, { stubBackends: true }), { "shop/api:80": undefined });
  });

  it("ignores slices of name addresses", () => {
    const names = slice("[{ addresses: [a.example] }]", "addressType: FQDN, ports: [{ name: http, port: 8080 }]");
    assert.deepEqual(endpointsOf(service("api"), names), []);
  });

  it("dials the name of an ExternalName Service when that is allowed", () => {
    const external =
      "{ apiVersion: v1, kind: Service, metadata: { name: api, namespace: shop }, spec: { type: ExternalName, externalName: api.example.com } }";
    assert.deepEqual(tableOf([external], undefined, { allowExternalName: true }), {
      "shop/api:80": [{ address: "api.example.com", port: 80 }],
    });
  });
});

describe("clusterEndpoints: XBackends", () => {
  const ref = "group: gateway.networking.x-k8s.io, kind: XBackend, name: ext";
  const xbackend = (spec: string) => `apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: { name: ext, namespace: shop }
spec: ${spec}`;

  it("dials an external hostname by name", () => {
    const external = xbackend(
      "{ type: ExternalHostname, externalHostname: { hostname: api.example.com }, port: { number: 443 } }",
    );
    assert.deepEqual(tableOf([external], ref), {
      "XBackend/shop/ext:443": [{ address: "api.example.com", port: 443 }],
    });
  });

  it("selects slices by their own labels and by the selector of their Service, at its own port", () => {
    const selecting = xbackend(
      "{ type: EndpointSelector, endpointSelector: { matchLabels: { app: api } }, port: { number: 9000 } }",
    );
    const labelled = `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: own, namespace: shop, labels: { app: api } }
addressType: IPv4
endpoints: [{ addresses: [10.0.0.9] }]`;
    const other = labelled.replace("app: api", "app: web").replace("name: own", "name: other").replace(".9", ".8");
    assert.deepEqual(tableOf([selecting, service("api"), slice("[{ addresses: [10.0.0.1] }]"), labelled, other], ref), {
      "XBackend/shop/ext:9000": [
        { address: "10.0.0.1", port: 9000 },
        { address: "10.0.0.9", port: 9000 },
      ],
    });
  });
});
