/**
 * Installations other than the default, each in a rig of its own: in watched namespaces alone, and with the data plane in the
 * controller's pods. The last line is `N passed, N failed`.
 *
 *   node test/install/in-cluster.ts [namespaced|embedded]
 */
import assert from "node:assert/strict";
import { at } from "../cluster/api-object.ts";
import { echoBackend } from "../cluster/backends.ts";
import { Cluster } from "../cluster/cluster.ts";
import { gatewayApi, Scene } from "../cluster/feature.ts";
import { askUntil, hasStatus } from "../cluster/gateway-request.ts";
import { findInside, runInside } from "../cluster/inside.ts";

type Installation = {
  readonly replicas: number;
  readonly options: readonly string[];
  readonly tests: Readonly<Record<string, (scene: Scene) => Promise<void>>>;
};

const host = "shop.example.test";
const finalizer = "gateway-exists-finalizer.gateway.networking.k8s.io";
const published = "gateways.example.test";

const gateway = (name: string, port: number, more = "") => `
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: ${name} }
spec:
  gatewayClassName: "@class"
  listeners: [{ name: http, protocol: HTTP, port: ${port} }]
  ${more}
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: ${name} }]
  hostnames: [${host}]
  rules: [{ backendRefs: [{ name: echo, port: 8080 }] }]`;

const sharing = `
apiVersion: gateway.sluice.dev/v1alpha1
kind: GatewayConfig
metadata: { name: shared }
spec: { dataPlane: { mode: Shared, name: common } }
---${gateway("shared", 8080, "infrastructure: { parametersRef: { group: gateway.sluice.dev, kind: GatewayConfig, name: shared } }")}`;

/** Whether the API server lets the controller's account do it. */
async function mayController(scene: Scene, attributes: Readonly<Record<string, string>>): Promise<boolean> {
  const namespace = scene.controllerNamespace;
  const spec = { user: `system:serviceaccount:${namespace}:sluice-controller`, resourceAttributes: attributes };
  const path = { group: "authorization.k8s.io", version: "v1", plural: "subjectaccessreviews" };
  const review = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", metadata: { name: "" }, spec };
  const { status } = await scene.cluster.client.create(path, review);
  return (status as { readonly allowed: boolean }).allowed;
}

async function deployments(scene: Scene, namespace: string): Promise<readonly string[]> {
  const kind = { apiVersion: "apps/v1", kind: "Deployment", namespace };
  const found = await scene.cluster.list(kind, "app.kubernetes.io/component=data-plane");
  return found.map(({ metadata }) => metadata.name);
}

const className = (scene: Scene) => ({ apiVersion: gatewayApi, kind: "GatewayClass", name: scene.className });
const finalizersOf = async (scene: Scene) =>
  ((await scene.cluster.find(className(scene)))?.metadata as { finalizers?: readonly string[] } | undefined)
    ?.finalizers;

const finalizerTest = async (scene: Scene): Promise<void> => {
  await scene.eventually(async () => assert.deepEqual(await finalizersOf(scene), [finalizer]));
  await scene.cluster.remove([className(scene)]);
  await scene.apply(gateway("late", 8081));
  await scene.waitForConditions(scene.named("Gateway", "late"), [{ type: "Programmed", status: "True" }]);
  for (const name of ["edge", "late", "shared"]) await scene.cluster.remove([scene.named("Gateway", name)]);
  await scene.cluster.waitGone(className(scene));
};

const namespaced: Installation = {
  replicas: 1,
  options: ["watchNamespaces=default"],
  tests: {
    "the controller may read and make nothing outside of the namespaces that it watches": async (scene) => {
      for (const [verb, group, resource] of [
        ["list", "", "secrets"],
        ["get", "", "secrets"],
        ["create", "", "secrets"],
        ["list", "", "services"],
        ["create", "apps", "deployments"],
        ["list", "gateway.networking.k8s.io", "gateways"],
      ] as const) {
        const attributes = { verb, group, resource };
        assert.equal(await mayController(scene, attributes), false, `${verb} ${resource} everywhere`);
        assert.equal(await mayController(scene, { ...attributes, namespace: "kube-system" }), false, resource);
        assert.equal(await mayController(scene, { ...attributes, namespace: "default" }), true, resource);
      }
    },
    "a Gateway in a watched namespace is served, one elsewhere left alone": async (scene) => {
      const ready = scene.applyReady(`${echoBackend("echo")}\n---${gateway("edge", 80)}`);
      const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "unwatched" } };
      await scene.cluster.apply([namespace]);
      const abroad = (await scene.objects(gateway("edge", 80))).map((object) => ({
        ...object,
        metadata: { ...object.metadata, namespace: "unwatched" },
      }));
      await scene.cluster.apply(abroad);
      await ready;
      await askUntil({ address: await scene.address("edge"), host }, hasStatus(200));
      assert.deepEqual(await deployments(scene, "unwatched"), []);
      const ignored = await scene.cluster.find({ ...scene.named("Gateway", "edge"), namespace: "unwatched" });
      assert.ok(!JSON.stringify(ignored?.["status"] ?? {}).includes("True"));
    },
    "a shared data plane runs in the controller's namespace, which nobody listed": async (scene) => {
      await scene.applyReady(sharing);
      assert.equal((await deployments(scene, scene.controllerNamespace)).length, 1);
      await askUntil({ address: await scene.address("shared"), port: 8080, host }, hasStatus(200));
    },
    "a GatewayClass that is deleted serves on until its last Gateway goes": finalizerTest,
  },
};

const embedded: Installation = {
  replicas: 2,
  options: ["plane=embedded", `publishAddresses=${published}`],
  tests: {
    "a Gateway is served by the controller's pods, at the address that was published": async (scene) => {
      await scene.applyReady(`${echoBackend("echo")}\n---${gateway("edge", 80)}`);
      assert.equal(await scene.address("edge"), published);
      const service = {
        apiVersion: "v1",
        kind: "Service",
        name: "sluice-gateways",
        namespace: scene.controllerNamespace,
      };
      const address = at(await scene.cluster.find(service), "status", "loadBalancer", "ingress", 0, "ip");
      await askUntil({ address: String(address), host }, hasStatus(200));
      assert.deepEqual(await deployments(scene, scene.namespace), []);
    },
    "the controller may make nothing": async (scene) => {
      for (const [group, resource] of [
        ["apps", "deployments"],
        ["", "services"],
        ["", "secrets"],
      ] as const) {
        const attributes = { verb: "create", group, resource, namespace: scene.namespace };
        assert.equal(await mayController(scene, attributes), false, resource);
      }
    },
    "a GatewayClass that is deleted serves on until its last Gateway goes": finalizerTest,
  },
};

const installations: Readonly<Record<string, Installation>> = { namespaced, embedded };

/** The tests of one installation, where it is. */
async function runTests({ tests }: Installation, inside: NonNullable<ReturnType<typeof findInside>>): Promise<number> {
  await using cluster = await Cluster.open();
  const scene = new Scene({ ...inside, cluster, namespace: "default" });
  let failed = 0;
  for (const [title, run] of Object.entries(tests)) {
    try {
      await run(scene);
      console.log(`✓ ${title}`);
    } catch (error) {
      failed++;
      console.log(`✗ ${title}\n${error instanceof Error ? error.stack : error}`);
    }
  }
  return failed;
}

async function main(): Promise<number> {
  const names = process.argv.slice(2);
  const inside = findInside();
  const [only = ""] = names;
  if (inside) {
    const installation = installations[only];
    return installation ? runTests(installation, inside) : 1;
  }
  if (names.length > 1 || (names.length === 1 && installations[only] === undefined)) {
    console.error(`Installations: ${Object.keys(installations).join(", ")}`);
    return 2;
  }
  let [passed, failed] = [0, 0];
  for (const [name, { replicas, options, tests }] of Object.entries(installations)) {
    if (names.length > 0 && only !== name) continue;
    console.log(name);
    const status = await runInside({
      ...{ program: import.meta.filename, args: [name], name: `install-${name}`, shape: "in-cluster", replicas },
      ...{ install: options.flatMap((one) => ["--set", one]), keep: false },
    });
    const count = Object.keys(tests).length;
    const own = Math.min(status, count);
    [passed, failed] = [passed + count - own, failed + own];
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main().catch((error: Error) => {
  console.error(error.stack ?? error.message);
  console.log("0 passed, 1 failed");
  return 1;
});
