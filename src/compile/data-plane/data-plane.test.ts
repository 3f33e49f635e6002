import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compileYaml, gateway, ourClass } from "../../../test/compile-status.ts";
import type { DataPlane } from "../../infrastructure/data-plane.ts";
import { effectiveConfig } from "../gateway/gateway-config.ts";

const http = "{ name: web, port: 80, protocol: HTTP }";

function config(name: string, spec: string, namespace = "infra"): string {
  return `apiVersion: gateway.sluice.dev/v1alpha1
kind: GatewayConfig
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}`;
}

const ref = (name: string) => `parametersRef: { group: gateway.sluice.dev, kind: GatewayConfig, name: ${name} }`;

function classWith(name: string, namespace = "infra"): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: ours }
spec:
  controllerName: example.com/gateway
  parametersRef: { group: gateway.sluice.dev, kind: GatewayConfig, name: ${name}, namespace: ${namespace} }`;
}

function planesOf(...documents: readonly string[]): readonly DataPlane[] {
  return compileYaml(documents).result.dataPlanes;
}

describe("compile: the data planes that Gateways need", () => {
  it("gives each Gateway one of its own, with Sluice's defaults", () => {
    const [plane, ...others] = planesOf(ourClass, gateway(http));
    assert.equal(others.length, 0);
    assert.ok(plane);
    assert.deepEqual(
      { ...plane, gateways: [], settings: {} },
      {
        key: "infra/edge",
        mode: "own",
        state: "wanted",
        namespace: "infra",
        name: "edge",
        title: { name: "edge", className: "ours" },
        gateways: [],
        settings: {},
      },
    );
    assert.equal(plane.settings.replicas, 1);
    assert.equal(plane.settings.service.type, "LoadBalancer");
    assert.deepEqual(plane.settings.resources.requests, { cpu: "100m", memory: "128Mi" });
  });

  it("lists each port and protocol once, ListenerSets' too, and leaves out listeners that cannot be opened", () => {
    const set = `apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: more, namespace: infra }
spec:
  parentRef: { name: edge }
  listeners: [{ name: dns, port: 53, protocol: UDP }, { name: tcp, port: 53, protocol: TCP }]`;
    const listeners = `${http}, { name: other, port: 80, protocol: HTTP, hostname: a.example.com }, { name: odd, port: 90, protocol: acme.io/x }`;
    const [plane] = planesOf(ourClass, gateway(listeners, "allowedListeners: { namespaces: { from: All } }"), set);
    assert.deepEqual(plane?.gateways[0]?.ports, [
      { port: 53, protocol: "TCP" },
      { port: 53, protocol: "UDP" },
      { port: 80, protocol: "TCP" },
    ]);
  });

  it("passes on infrastructure and addresses", () => {
    const [plane] = planesOf(
      ourClass,
      gateway(
        http,
        "infrastructure: { labels: { a: b }, annotations: { c: d } }, addresses: [{}, { value: 'FD00:0::1' }, { routability: Cluster }]",
      ),
    );
    const [asks] = plane?.gateways ?? [];
    assert.deepEqual([asks?.labels, asks?.annotations], [{ a: "b" }, { c: "d" }]);
    assert.deepEqual(asks?.addresses, [
      { routability: "" },
      { value: "fd00::1", routability: "" },
      { routability: "Cluster" },
    ]);
  });

  it("goes on for a Gateway whose class is being deleted: the class stays until no Gateway uses it", () => {
    const going = ourClass.replace(/metadata: \{ ?/, "metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', ");
    assert.match(going, /deletionTimestamp/);
    assert.equal(planesOf(going, gateway(http))[0]?.state, "wanted");
  });

  it("makes nothing any more for a Gateway that is being deleted", () => {
    const going = gateway(http).replace(
      "namespace: infra }",
      "namespace: infra, deletionTimestamp: '2026-01-01T00:00:00Z' }",
    );
    assert.equal(planesOf(ourClass, going)[0]?.state, "kept");
  });

  it("has nothing of Gateways of another controller, and keeps what there is of those that are not accepted", () => {
    const foreign = gateway(http, "", "theirs").replace("ours", "others");
    const refused = gateway(http, "addresses: [{ type: NamedAddress, value: x }]", "refused");
    const closed = gateway("{ name: web, port: 80, protocol: acme.io/x }", "", "closed");
    const planes = planesOf(ourClass, foreign, refused, closed);
    assert.deepEqual(
      planes.map(({ key, state }) => [key, state]),
      [
        ["infra/closed", "kept"],
        ["infra/refused", "kept"],
      ],
    );
  });
});

describe("compile: GatewayConfig", () => {
  it("of the class is under the Gateway's own, field by field", () => {
    const [plane] = planesOf(
      classWith("base"),
      config("base", "{ replicas: 3, drainSeconds: 5, service: { type: NodePort, annotations: { a: b, c: d } } }"),
      config("mine", "{ replicas: 2, service: { annotations: { c: e } } }"),
      gateway(http, `infrastructure: { ${ref("mine")} }`),
    );
    assert.equal(plane?.settings.replicas, 2);
    assert.equal(plane?.settings.drainSeconds, 5);
    assert.equal(plane?.settings.service.type, "NodePort");
    assert.deepEqual(plane?.settings.service.annotations, { a: "b", c: "e" });
  });

  it("takes what excludes each other from one of the two", () => {
    const merged = effectiveConfig({
      classConfig: { replicas: 3, podDisruptionBudget: { minAvailable: 1 }, dataPlane: { mode: "Shared", name: "x" } },
      ownConfig: {
        autoscaling: { maxReplicas: 5 },
        podDisruptionBudget: { maxUnavailable: 1 },
        dataPlane: { mode: "Own" },
      },
    });
    assert.deepEqual(merged, {
      autoscaling: { maxReplicas: 5 },
      podDisruptionBudget: { maxUnavailable: 1 },
      dataPlane: { mode: "Own" },
    });
    assert.deepEqual(effectiveConfig({ classConfig: { autoscaling: {} }, ownConfig: { replicas: 2 } }), {
      replicas: 2,
    });
  });

  it("leaves out a default that would contradict what is written", () => {
    const [plane] = planesOf(
      ourClass,
      config("mine", "{ resources: { requests: { memory: 2Gi }, limits: { cpu: 50m } } }"),
      gateway(http, `infrastructure: { ${ref("mine")} }`),
    );
    assert.deepEqual(plane?.settings.resources, { requests: { memory: "2Gi" }, limits: { cpu: "50m" } });
  });

  it("that is missing, or asks for what there is not, refuses the Gateway, which goes on as it was", () => {
    const missing = compileYaml([ourClass, gateway(http, `infrastructure: { ${ref("mine")} }`)]);
    const envoy = compileYaml([
      ourClass,
      config("mine", "{ plane: Envoy }"),
      gateway(http, `infrastructure: { ${ref("mine")} }`),
    ]);
    for (const { conditions, names, result } of [missing, envoy]) {
      assert.deepEqual(conditions("Gateway/edge").slice(0, 2), [
        "Accepted=False InvalidParameters",
        "Programmed=False Invalid",
      ]);
      assert.deepEqual(names, ["gateway-parameters-invalid"]);
      assert.deepEqual(
        result.dataPlanes.map(({ state }) => state),
        ["kept"],
      );
      assert.deepEqual(
        result.routing.gateways.map(({ key }) => key),
        ["infra/edge"],
      );
    }
  });

  it("of the class that cannot be read makes its Gateways wait, which go on as they were", () => {
    const { conditions, names, result } = compileYaml([classWith("gone"), gateway(http)]);
    assert.deepEqual(conditions("GatewayClass/ours")[0], "Accepted=False InvalidParameters");
    assert.deepEqual(conditions("Gateway/edge")[0], "Accepted=Unknown Pending");
    assert.deepEqual(names, ["gateway-class-not-accepted", "gateway-class-parameters-invalid"]);
    assert.equal(result.routing.gateways.length, 1);
    assert.equal(result.dataPlanes[0]?.state, "kept");
  });

  it("joins the Gateways of a class that share a data plane, run as the class says", () => {
    const shared = config("shared", "{ dataPlane: { mode: Shared, name: public }, replicas: 7 }");
    const compiled = compileYaml([
      classWith("base"),
      config("base", "{ replicas: 3 }"),
      shared,
      gateway(http, `infrastructure: { labels: { a: b }, ${ref("shared")} }`, "one"),
      gateway(
        "{ name: web, port: 90, protocol: HTTP }",
        "infrastructure: { parametersRef: { group: gateway.sluice.dev, kind: GatewayConfig, name: shared } }",
        "two",
      ),
      gateway(http, "", "alone"),
    ]);
    const [alone, plane, ...others] = compiled.result.dataPlanes;
    assert.equal(others.length, 0);
    assert.equal(alone?.key, "infra/alone");
    assert.equal(plane?.key, "sluice-system/shared..ours..public");
    assert.equal(plane?.settings.replicas, 3);
    assert.deepEqual(
      plane?.gateways.map(({ key }) => key),
      ["infra/one", "infra/two"],
    );
    assert.deepEqual(compiled.names, ["shared-data-plane-settings-ignored", "shared-data-plane-settings-ignored"]);
  });
});

describe("compile: addresses", () => {
  const features = ["GatewayAddressRoutability", "GatewayAddressRoutabilityCluster"];
  it("judges routability where it is honoured", () => {
    const asked = gateway(
      http,
      "addresses: [{ routability: Cluster }, { routability: testing.x-k8s.io/sentinel }, { routability: acme.io/wan }]",
    );
    assert.deepEqual(compileYaml([ourClass, asked], { supportedFeatures: features }).names, [
      "gateway-address-routability-unsupported",
    ]);
    assert.equal(compileYaml([ourClass, asked]).names.length, 3);
  });
});

it("effectiveConfig: what the Gateway's own says is always said, and nothing is made up", () => {
  const strings = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("x", "y"), { noNullPrototype: true });
  const spec = fc.record(
    {
      drainSeconds: fc.nat(9),
      trustedHops: fc.nat(9),
      podLabels: strings,
      service: fc.record({ annotations: strings, labels: strings }, { requiredKeys: [], noNullPrototype: true }),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  fc.assert(
    fc.property(spec, spec, (under, over) => {
      const merged = effectiveConfig({ classConfig: under, ownConfig: over });
      assert.deepEqual(effectiveConfig({ classConfig: merged, ownConfig: over }), merged);
      assert.deepEqual(effectiveConfig({ classConfig: {}, ownConfig: over }), over);
      assert.deepEqual(effectiveConfig({ classConfig: under, ownConfig: {} }), under);
      assert.deepEqual({ ...merged.podLabels }, { ...under.podLabels, ...over.podLabels });
      assert.equal(merged.drainSeconds, over.drainSeconds ?? under.drainSeconds);
    }),
  );
});
