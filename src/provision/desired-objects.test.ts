import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { desiredOptions, planeOf } from "../../test/provision/plane-fixture.ts";
import type { AddressRequest, DataPlane } from "../infrastructure/data-plane.ts";
import { validateObject } from "../resource/validate-object.ts";
import { desiredObjects } from "./desired-objects.ts";
import type { DesiredObject } from "./managed-object.ts";
import { streamSettings } from "./proxy-arguments.ts";

type Json = { readonly [field: string]: Json } & readonly Json[] & (string | number | boolean);

function objectOf(plane: DataPlane, kind: DesiredObject["kind"], place = 0, options = desiredOptions): Json {
  const found = desiredObjects(plane, options).filter((one) => one.kind === kind)[place];
  assert.ok(found, `there is no ${kind}`);
  return found.object as unknown as Json;
}

function kindsOf(plane: DataPlane): readonly string[] {
  return desiredObjects(plane, desiredOptions).map(({ kind }) => kind);
}

/** What the restricted pod security standard forbids of a pod. Empty: it passes. */
function restrictedProblems(pod: Json): readonly string[] {
  const problems: string[] = [];
  const check = (holds: unknown, what: string) => {
    if (holds !== true) problems.push(what);
  };
  for (const field of ["hostNetwork", "hostPID", "hostIPC"]) check(pod[field] === undefined, field);
  const allowedVolumes = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "projected", "secret"];
  for (const volume of pod["volumes"] ?? []) {
    const kinds = Object.keys(volume).filter((key) => key !== "name");
    check(
      kinds.every((kind) => allowedVolumes.includes(kind)),
      `volume ${kinds}`,
    );
  }
  const own = pod["securityContext"];
  for (const container of [...(pod["containers"] ?? []), ...(pod["initContainers"] ?? [])]) {
    const context = container["securityContext"];
    check(context?.["privileged"] === undefined, "privileged");
    check((context?.["allowPrivilegeEscalation"] as unknown) === false, "allowPrivilegeEscalation");
    check((context?.["runAsNonRoot"] ?? own?.["runAsNonRoot"]) as unknown, "runAsNonRoot");
    check(Number(context?.["runAsUser"] ?? own?.["runAsUser"]) !== 0, "runAsUser");
    const profile = context?.["seccompProfile"] ?? own?.["seccompProfile"];
    check((profile?.["type"] as unknown) === "RuntimeDefault", "seccompProfile");
    check(JSON.stringify(context?.["capabilities"]) === '{"drop":["ALL"]}', "capabilities");
    for (const port of container["ports"] ?? []) check(port["hostPort"] === undefined, "hostPort");
    for (const name of ["livenessProbe", "readinessProbe"]) {
      check(container[name]?.["httpGet"]?.["host"] === undefined, `${name} host`);
    }
  }
  return problems;
}

describe("desiredObjects", () => {
  it("makes account, certificate, Service and Deployment, and more where it is asked for", () => {
    assert.deepEqual(kindsOf(planeOf()), ["ServiceAccount", "Secret", "Service", "Deployment"]);
    assert.deepEqual(kindsOf(planeOf({ config: { replicas: 2 } })), [
      "ServiceAccount",
      "Secret",
      "Service",
      "Deployment",
      "PodDisruptionBudget",
    ]);
    assert.deepEqual(kindsOf(planeOf({ config: { autoscaling: {} } })).slice(4), [
      "PodDisruptionBudget",
      "HorizontalPodAutoscaler",
    ]);
  });

  it("meets the restricted pod security standard, with a root file system that cannot be written and no API credentials", () => {
    const pod = objectOf(planeOf(), "Deployment")["spec"]?.["template"]?.["spec"];
    assert.ok(pod);
    assert.deepEqual(restrictedProblems(pod), []);
    assert.equal(pod["automountServiceAccountToken"], false);
    assert.equal(objectOf(planeOf(), "ServiceAccount")["automountServiceAccountToken"], false);
    const [container] = pod["containers"] ?? [];
    assert.equal(container?.["securityContext"]?.["readOnlyRootFilesystem"], true);
    assert.deepEqual(
      container?.["volumeMounts"]?.map((mount) => [mount["mountPath"], mount["readOnly"] ?? false]),
      [
        ["/var/run/sluice/identity", true],
        ["/var/lib/sluice", false],
      ],
    );
    assert.equal(pod["volumes"]?.[0]?.["secret"]?.["defaultMode"], 0o440);
  });

  it("finds faults in a pod that does not meet it", () => {
    const bad = {
      hostNetwork: true,
      volumes: [{ name: "x", hostPath: {} }],
      containers: [{ ports: [{ hostPort: 1 }] }],
    };
    assert.equal(restrictedProblems(bad as unknown as Json).length, 7);
  });

  it("owns what it makes, labels it as GEP-1762 says, and passes infrastructure on to every object and the pods", () => {
    const plane = planeOf({
      gateway: { labels: { team: "a", "app.kubernetes.io/name": "x" }, annotations: { note: "b" } },
    });
    for (const { object, namespace } of desiredObjects(plane, desiredOptions)) {
      const metadata = object["metadata"] as unknown as Json;
      assert.equal(namespace, "infra");
      assert.deepEqual(metadata["ownerReferences"], [
        {
          apiVersion: "gateway.networking.k8s.io/v1",
          kind: "Gateway",
          name: "edge",
          uid: "uid-of-edge",
          controller: true,
        },
      ]);
      assert.equal(metadata["annotations"]?.["note"], "b");
      assert.deepEqual(
        { ...(metadata["labels"] as object) },
        {
          team: "a",
          "app.kubernetes.io/name": "sluice",
          "app.kubernetes.io/instance": "edge-sluice",
          "app.kubernetes.io/component": "data-plane",
          "app.kubernetes.io/managed-by": "sluice",
          "gateway.networking.k8s.io/gateway-name": "edge",
          "gateway.networking.k8s.io/gateway-class-name": "sluice",
          "gateway.sluice.dev/data-plane": "edge-sluice",
        },
      );
    }
    const template = objectOf(plane, "Deployment")["spec"]?.["template"]?.["metadata"];
    assert.deepEqual([template?.["labels"]?.["team"], template?.["annotations"]?.["note"]], ["a", "b"]);
  });

  it("runs the proxy as configured, at the image and controller that the flags say", () => {
    const config = {
      logging: { format: "Text" },
      drainSeconds: 60,
      nodeSelector: { disk: "ssd" },
      tolerations: [{ key: "x", operator: "Exists" }],
      priorityClassName: "high",
    } as const;
    const pod = objectOf(planeOf({ config }), "Deployment")["spec"]?.["template"]?.["spec"];
    const [container] = pod?.["containers"] ?? [];
    assert.equal(container?.["image"], "sluice:1.2.3");
    assert.deepEqual(container?.["args"], [
      "proxy",
      "--controller=sluice-controller.sluice-system.svc:9443",
      "--certificates=/var/run/sluice/identity",
      "--state-dir=/var/lib/sluice",
      "--admin=*:9900",
      "--log-format=text",
      "--drain-seconds=60",
    ]);
    assert.equal(pod?.["terminationGracePeriodSeconds"], 75);
    assert.deepEqual(pod?.["nodeSelector"], { disk: "ssd" });
    assert.equal(pod?.["priorityClassName"], "high");
  });

  it("fetches the image as the installation says", () => {
    const options = { ...desiredOptions, imagePullPolicy: "Always", imagePullSecrets: ["pull"] } as const;
    const pod = objectOf(planeOf(), "Deployment", 0, options)["spec"]?.["template"]?.["spec"];
    assert.deepEqual(pod?.["imagePullSecrets"], [{ name: "pull" }]);
    assert.equal(pod?.["containers"]?.[0]?.["imagePullPolicy"], "Always");
  });

  it("keeps the state with its private keys off the node's disk, and bounded", () => {
    const volumes = objectOf(planeOf(), "Deployment")["spec"]?.["template"]?.["spec"]?.["volumes"];
    assert.deepEqual(volumes?.find(({ name }) => (name as unknown) === "state")?.["emptyDir"], {
      medium: "Memory",
      sizeLimit: "128Mi",
    });
  });

  it("closes the admin port, and no other, to all but the namespaces that are named", () => {
    const policyOf = (plane: DataPlane, metricsNamespaces: readonly string[]) => {
      const options = { ...desiredOptions, networkPolicy: { metricsNamespaces } };
      const [container] = objectOf(plane, "Deployment")["spec"]?.["template"]?.["spec"]?.["containers"] ?? [];
      return {
        rules: objectOf(plane, "NetworkPolicy", 0, options)["spec"]?.["ingress"] as Json,
        admin: Number(container?.["ports"]?.[0]?.["containerPort"]),
      };
    };
    const opens = (rule: Json | undefined, port: number) =>
      (rule?.["ports"] ?? []).some((row) => {
        const [from, to] = [Number(row["port"]), Number(row["endPort"] ?? row["port"])];
        return (row["protocol"] as unknown) === "TCP" && from <= port && port <= to;
      });
    const crowded = planeOf({ gateway: { ports: [{ port: 9900, protocol: "TCP" }] } });
    for (const plane of [planeOf(), crowded]) {
      const { rules, admin } = policyOf(plane, []);
      assert.equal(rules.length, 1);
      assert.equal(rules[0]?.["from"], undefined);
      assert.deepEqual(
        [1, 80, 9900, 9901, 10_080, 65_535].filter((port) => !opens(rules[0], port)),
        [admin],
      );
    }
    const { rules, admin } = policyOf(planeOf(), ["monitoring"]);
    assert.ok(opens(rules[1], admin));
    assert.deepEqual(rules[1]?.["from"], [
      { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } },
    ]);
    assert.ok(!kindsOf(planeOf()).includes("NetworkPolicy"));
  });

  it("restarts no pod for what the stream tells the proxies", () => {
    const config = {
      logging: { accessLog: "Enabled" },
      trustedHops: 2,
      trustedHeader: "Forwarded",
      forwardClientCertificate: "Append",
    } as const;
    assert.deepEqual(objectOf(planeOf({ config }), "Deployment"), objectOf(planeOf(), "Deployment"));
    assert.deepEqual(streamSettings(planeOf({ config })), { accessLog: true });
  });

  it("keeps the pods as they are when a listener comes, unless it needs the admin port", () => {
    const ports = (...numbers: number[]) => ({ ports: numbers.map((port) => ({ port, protocol: "TCP" as const })) });
    const one = objectOf(planeOf({ gateway: ports(80) }), "Deployment");
    assert.deepEqual(objectOf(planeOf({ gateway: ports(80, 443) }), "Deployment"), one);
    const args = objectOf(planeOf({ gateway: ports(9900) }), "Deployment")["spec"]?.["template"]?.["spec"]?.[
      "containers"
    ];
    assert.ok(JSON.stringify(args).includes("--admin=*:9901"));
  });

  it("leaves the number of replicas to an autoscaler", () => {
    const plane = planeOf({ config: { autoscaling: { minReplicas: 3, targetCPUUtilizationPercentage: 60 } } });
    assert.equal(objectOf(plane, "Deployment")["spec"]?.["replicas"], undefined);
    const { minReplicas, maxReplicas, scaleTargetRef } = objectOf(plane, "HorizontalPodAutoscaler")[
      "spec"
    ] as unknown as {
      minReplicas: number;
      maxReplicas: number;
      scaleTargetRef: object;
    };
    assert.deepEqual([minReplicas, maxReplicas], [3, 10]);
    assert.deepEqual(scaleTargetRef, { apiVersion: "apps/v1", kind: "Deployment", name: "edge-sluice" });
  });
});

describe("desiredObjects: Services", () => {
  const service = (plane: DataPlane, place = 0) => objectOf(plane, "Service", place);

  it("maps listener ports to ports that need no privilege, TCP and UDP under one number", () => {
    const plane = planeOf({
      gateway: {
        ports: [
          { port: 53, protocol: "TCP" },
          { port: 53, protocol: "UDP" },
          { port: 8080, protocol: "TCP" },
        ],
      },
    });
    assert.deepEqual(service(plane)["spec"]?.["ports"], [
      { name: "tcp-53", protocol: "TCP", port: 53, targetPort: 10_053 },
      { name: "udp-53", protocol: "UDP", port: 53, targetPort: 10_053 },
      { name: "tcp-8080", protocol: "TCP", port: 8080, targetPort: 8080 },
    ]);
  });

  it("takes the configured type, with the fields that the type has", () => {
    const fields = {
      externalTrafficPolicy: "Local",
      loadBalancerClass: "acme.io/lb",
      loadBalancerSourceRanges: ["10.0.0.0/8"],
      annotations: { pool: "blue" },
      labels: { tier: "edge" },
    } as const;
    const specOf = (type: "LoadBalancer" | "NodePort" | "ClusterIP") =>
      Object.keys(service(planeOf({ config: { service: { ...fields, type } } }))["spec"] ?? {});
    assert.deepEqual(specOf("LoadBalancer").slice(3), [
      "externalTrafficPolicy",
      "loadBalancerClass",
      "loadBalancerSourceRanges",
    ]);
    assert.deepEqual(specOf("NodePort").slice(3), ["externalTrafficPolicy"]);
    assert.deepEqual(specOf("ClusterIP").slice(3), []);
    const metadata = service(planeOf({ config: { service: fields } }))["metadata"];
    assert.equal(metadata?.["annotations"]?.["pool"], "blue");
    assert.equal(metadata?.["labels"]?.["tier"], "edge");
  });

  it("makes one for each address that is asked for, and asks for it", () => {
    const plane = planeOf({
      gateway: {
        addresses: [
          { value: "192.0.2.1", routability: "" },
          { routability: "" },
          { routability: "Cluster" },
          { value: "fd00::1", routability: "Cluster" },
          { routability: "acme.io/wan" },
        ],
      },
    });
    const specs = [0, 1, 2, 3].map((place) => service(plane, place)["spec"]);
    const asked = specs.map((spec) => [
      spec?.["type"],
      spec?.["loadBalancerIP"],
      spec?.["clusterIP"],
      spec?.["ipFamilies"]?.[0],
    ]);
    const text = asked.map((row) => row.map((value) => value ?? "-").join(" ")).sort();
    assert.deepEqual(text, [
      "ClusterIP - - -",
      "ClusterIP - fd00::1 IPv6",
      "LoadBalancer - - -",
      "LoadBalancer 192.0.2.1 - IPv4",
    ]);
    assert.throws(() => service(plane, 4), /there is no Service/);
  });

  it("gives an entry the same Service whatever stands beside it", () => {
    const one: AddressRequest = { value: "192.0.2.1", routability: "" };
    const two: AddressRequest = { value: "192.0.2.2", routability: "" };
    const names = (...addresses: AddressRequest[]) =>
      desiredObjects(planeOf({ gateway: { addresses } }), desiredOptions)
        .filter(({ kind }) => kind === "Service")
        .map(({ name }) => name);
    assert.deepEqual(names(one, two), [...names(one), ...names(two)].sort());
    assert.deepEqual(names({ routability: "" }), names());
    assert.equal(new Set(names({ routability: "" }, { routability: "" })).size, 2);
  });

  it("are Services that we would read", () => {
    const { findings } = validateObject(structuredClone(service(planeOf())));
    assert.deepEqual(findings, []);
  });
});

const gatewayName = fc
  .array(fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,80}[a-z0-9])?$/), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join("."))
  .filter((name) => name.length <= 253);

describe("names", () => {
  const label = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
  const addresses = fc.array(fc.record({ value: fc.ipV4(), routability: fc.constantFrom("", "Cluster") }), {
    maxLength: 4,
  });

  it("of all objects are labels of DNS, values of labels are allowed, whatever the Gateway is called", () => {
    fc.assert(
      fc.property(gatewayName, gatewayName, addresses, (name, className, requests) => {
        const plane = planeOf({ name, className, gateway: { addresses: requests } });
        const objects = desiredObjects(plane, desiredOptions);
        assert.equal(new Set(objects.map(({ key }) => key)).size, objects.length);
        for (const object of objects) {
          assert.match(object.name, label);
          const { labels } = object.object["metadata"] as { labels: Record<string, string> };
          for (const value of Object.values(labels))
            assert.match(value, /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
          const spec = object.object["spec"] as { ports?: { name: string }[] } | undefined;
          for (const port of spec?.ports ?? []) assert.ok(port.name.length <= 15);
        }
      }),
    );
  });

  it("differ where Gateways do", () => {
    fc.assert(
      fc.property(gatewayName, gatewayName, (one, two) => {
        fc.pre(one !== two);
        const nameOf = (name: string) => desiredObjects(planeOf({ name }), desiredOptions)[0]?.name;
        assert.notEqual(nameOf(one), nameOf(two));
      }),
    );
  });
});
