import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { customResourceDefinition } from "../../install/crd.ts";
import { validateObject } from "../validate-object.ts";

/** Pointers below `/spec` of what is wrong. */
function problemsOf(spec: object): readonly string[] {
  const { findings } = validateObject({
    apiVersion: "gateway.sluice.dev/v1alpha1",
    kind: "GatewayConfig",
    metadata: { name: "edge", namespace: "infra" },
    spec,
  });
  for (const { name, fix } of findings) {
    assert.ok(["field-rule-broken", "field-invalid", "field-missing", "field-unknown"].includes(name), name);
    assert.ok(fix.length > 3);
  }
  return findings.map(({ pointer }) => pointer.replace(/^\/spec/, ""));
}

const rows: readonly (readonly [string, object, readonly string[]])[] = [
  ["nothing", {}, []],
  [
    "everything",
    {
      plane: "Embedded",
      dataPlane: { mode: "Shared", name: "public" },
      replicas: 3,
      resources: { requests: { cpu: 1, memory: "128Mi" }, limits: { cpu: "1.5", "ephemeral-storage": "1Gi" } },
      service: {
        type: "LoadBalancer",
        annotations: { "example.com/pool": "blue" },
        labels: { team: "edge" },
        externalTrafficPolicy: "Local",
        loadBalancerClass: "example.com/lb",
        loadBalancerSourceRanges: ["10.0.0.0/8", "fd00::/8"],
        ipFamilyPolicy: "PreferDualStack",
      },
      podDisruptionBudget: { minAvailable: "50%" },
      nodeSelector: { "kubernetes.io/os": "linux" },
      tolerations: [{ key: "edge", operator: "Exists", effect: "NoSchedule" }],
      affinity: { nodeAffinity: {} },
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" }],
      priorityClassName: "system-cluster-critical",
      podLabels: { team: "edge" },
      podAnnotations: { note: "x" },
      logging: { accessLog: "Enabled", format: "JSON" },
      trustedHops: 1,
      forwardClientCertificate: "Sanitize",
      drainSeconds: 60,
    },
    [],
  ],
  ["another plane, which the compiler judges", { plane: "Envoy" }, []],
  ["an image, which only the controller's flags decide", { image: "evil" }, ["/image"]],
  ["a shared data plane without name", { dataPlane: { mode: "Shared" } }, ["/dataPlane/name"]],
  ["an own data plane with a name", { dataPlane: { name: "x" } }, ["/dataPlane/name"]],
  ["no replicas at all", { replicas: 0 }, ["/replicas"]],
  ["replicas beside autoscaling", { replicas: 2, autoscaling: {} }, ["/replicas"]],
  [
    "bounds of autoscaling the wrong way round",
    { autoscaling: { minReplicas: 3, maxReplicas: 2 } },
    ["/autoscaling/minReplicas"],
  ],
  ["a quantity that is none", { resources: { limits: { memory: "lots" } } }, ["/resources/limits/memory"]],
  [
    "a source range that is no network",
    { service: { loadBalancerSourceRanges: ["10.0.0.1", "::ffff:10.0.0.0/104", "pool/8", "fd00::/8"] } },
    [0, 1, 2].map((place) => `/service/loadBalancerSourceRanges/${place}`),
  ],
  [
    "fields of load balancers on a ClusterIP Service",
    { service: { type: "ClusterIP", loadBalancerClass: "x", externalTrafficPolicy: "Local" } },
    ["/service/loadBalancerClass", "/service/externalTrafficPolicy"],
  ],
  ["a budget that says nothing", { podDisruptionBudget: {} }, ["/podDisruptionBudget"]],
  [
    "a budget that says two things",
    { podDisruptionBudget: { minAvailable: 1, maxUnavailable: 1 } },
    ["/podDisruptionBudget/maxUnavailable"],
  ],
  [
    "a label that selectors rely on",
    { podLabels: { "app.kubernetes.io/name": "x" } },
    ["/podLabels/app.kubernetes.io~1name"],
  ],
  ["an affinity of no kind", { affinity: { node: {} } }, ["/affinity/node"]],
  ["an affinity beyond all bounds", { affinity: { nodeAffinity: { x: "y".repeat(20_000) } } }, ["/affinity"]],
];

describe("GatewayConfig", () => {
  for (const [title, spec, pointers] of rows) {
    test(`${title} is ${pointers.length === 0 ? "accepted" : "refused"}`, () =>
      assert.deepEqual(problemsOf(spec), pointers));
  }

  test("has a CustomResourceDefinition", () => {
    const text = JSON.stringify(customResourceDefinition("GatewayConfig"));
    assert.match(text, /"x-kubernetes-int-or-string":true/);
    assert.match(text, /replicas and autoscaling exclude each other/);
  });
});
