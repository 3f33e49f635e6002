import assert from "node:assert/strict";
import { test } from "node:test";
import { installInto } from "../../src/install/cluster/install-into.ts";
import { isTooOld, oldestMinor } from "../../src/install/kubernetes-version.ts";
import { installObjects } from "../../src/install/manifests.ts";
import { type InstallOptions, initialOptions } from "../../src/install/options.ts";
import { type KubeClient, KubeError, type KubeObject, type ResourcePath } from "../../src/kube/kube-client.ts";

const objects = installObjects(initialOptions("1.2.3"), "1.2.3");

type Cluster = {
  /** Annotations of the Gateway API's definitions; absent: there are none. */
  readonly gatewayApi?: Readonly<Record<string, string>>;
  /** What the Deployment's status says, one look after the other; the last one stays. */
  readonly rollout?: readonly KubeObject[];
  readonly refuses?: string;
  /** Default: new enough. */
  readonly version?: { readonly major: string; readonly minor: string; readonly gitVersion: string };
};

/** As much of an API server as an installation talks to. */
function clusterOf({ gatewayApi, rollout = [ready], refuses, version }: Cluster) {
  const applied: string[] = [];
  let looks = 0;
  const client: Pick<KubeClient, "get" | "list" | "patch" | "raw"> = {
    async raw(path) {
      assert.equal(path, "/version");
      return version ?? { major: "1", minor: "31+", gitVersion: "v1.31.4-eks" };
    },
    async get(path: ResourcePath) {
      if (path.plural === "customresourcedefinitions") {
        if (gatewayApi === undefined) throw new KubeError("not found", { status: 404 });
        return { metadata: { name: path.name, annotations: gatewayApi } };
      }
      // Looked at before it is applied.
      if (path.plural === "namespaces" && (path.name === "default" || path.name === "shop"))
        return { metadata: { name: path.name } };
      if (!applied.includes(path.plural) || path.plural !== "deployments")
        throw new KubeError("not found", { status: 404 });
      const status = rollout[Math.min(looks++, rollout.length - 1)];
      return { metadata: { generation: 2 }, spec: { replicas: 2 }, status };
    },
    async list() {
      return { resourceVersion: "1", items: [] };
    },
    async patch(path, object, { type }) {
      assert.equal(type, "apply");
      if (path.plural === refuses) throw new KubeError("you may not", { status: 403 });
      applied.push(path.plural);
      return object;
    },
  };
  return { client: client as KubeClient, applied };
}

const ready = { observedGeneration: 2, updatedReplicas: 2, availableReplicas: 2 };
const v170 = { "gateway.networking.k8s.io/bundle-version": "v1.7.0", "gateway.networking.k8s.io/channel": "standard" };

async function install(cluster: Cluster, waitMs = 60_000, changes: Partial<InstallOptions> = {}) {
  const { client, applied } = clusterOf(cluster);
  const lines: string[] = [];
  const options = { ...initialOptions("1.2.3"), ...changes };
  const code = await installInto(client, installObjects(options, "1.2.3"), {
    options,
    say: (line) => lines.push(line),
    server: "https://a",
    waitMs,
    pollMs: 0,
  });
  return { code, applied, text: lines.join("\n") };
}

test("installInto applies everything in order, waits for the rollout, and exits with 0", async () => {
  const rollout = [
    { observedGeneration: 1, updatedReplicas: 2, availableReplicas: 2 },
    { ...ready, availableReplicas: 1 },
    { ...ready, replicas: 3 },
    ready,
  ];
  const { code, applied, text } = await install({ gatewayApi: v170, rollout });
  assert.equal(code, 0);
  assert.equal(applied.length, objects.length);
  assert.ok(applied.indexOf("namespaces") < applied.indexOf("serviceaccounts"));
  assert.ok(applied.indexOf("customresourcedefinitions") < applied.indexOf("deployments"));
  assert.match(
    text,
    /rollout has not begun[\s\S]*1 of 2 pods are ready[\s\S]*pods of the previous release are still running[\s\S]*The controller is ready/,
  );
  assert.match(text, /The cluster has Gateway API v1\.7\.0, standard channel\./);
});

test("installInto leaves the GatewayClass out where there is no Gateway API, says how to install it, and exits with 1", async () => {
  const { code, applied, text } = await install({});
  assert.equal(code, 1);
  assert.ok(!applied.includes("gatewayclasses"));
  assert.match(text, /kubectl apply --server-side -f \S+v1\.7\.0\/standard-install\.yaml/);
  assert.match(text, /kubectl apply --server-side -f \S+v1\.7\.0\/experimental-install\.yaml/);
});

test("installInto says which other release of the Gateway API there is, and exits with 0", async () => {
  const { code, text } = await install({ gatewayApi: { "gateway.networking.k8s.io/bundle-version": "v1.4.0" } });
  assert.equal(code, 0);
  assert.match(text, /Gateway API v1\.4\.0, unknown channel; Sluice supports v1\.7\.0/);
});

test("installInto names the object that is refused and stops with 2", async () => {
  const { code, applied, text } = await install({ gatewayApi: v170, refuses: "clusterroles" });
  assert.equal(code, 2);
  assert.match(text, /ClusterRole sluice-controller-sluice-system could not be applied: you may not/);
  assert.ok(!applied.includes("deployments"));
});

test("installInto changes nothing while a namespace is missing that it needs, says which, and exits with 2", async () => {
  for (const [options, names] of [
    [{ watchNamespaces: ["shop", "blog"] }, "blog"],
    [{ dataPlaneNamespaces: ["edge", "dmz"] }, "edge, dmz"],
    [{ createNamespace: false }, "sluice-system"],
  ] as const) {
    const { code, applied, text } = await install({ gatewayApi: v170 }, 0, options);
    assert.equal(code, 2);
    assert.deepEqual(applied, []);
    assert.match(text, new RegExp(`The cluster has no namespace ${names}\\.`));
  }
  assert.equal((await install({ gatewayApi: v170 }, 0, { watchNamespaces: ["shop"] })).code, 0);
});

test("installInto gives up on a controller that does not become ready, says where to look, and exits with 1", async () => {
  const { code, text } = await install({ gatewayApi: v170, rollout: [{ observedGeneration: 2 }] }, 1);
  assert.equal(code, 1);
  assert.match(text, /0 of 2 pods are ready[\s\S]*kubectl -n sluice-system logs deployment\/sluice-controller/);
});

test("installInto does not look at the Deployment when nobody waits", async () => {
  assert.equal((await install({ gatewayApi: v170, rollout: [{}] }, 0)).code, 0);
});

test("installInto changes nothing in a cluster that is too old, says so, and exits with 2", async () => {
  const version = { major: "1", minor: "30", gitVersion: "v1.30.2" };
  const { code, applied, text } = await install({ gatewayApi: v170, version });
  assert.deepEqual([code, applied], [2, []]);
  assert.match(text, /The cluster runs Kubernetes v1\.30\.2, but Sluice needs 1\.31 or newer\./);
});

test("isTooOld takes what it cannot read, and newer major versions, for new enough", () => {
  for (const version of [undefined, "x", {}, { major: "", minor: "" }, { major: "2", minor: "0" }])
    assert.equal(isTooOld(version), false, JSON.stringify(version));
  assert.equal(isTooOld({ major: "1", minor: `${oldestMinor}` }), false);
  assert.equal(isTooOld({ major: "1", minor: "9" }), true);
});
