/**
 * Installations other than the default, each in a rig of its own: in watched namespaces alone, with the data plane in the
 * controller's pods, and one that is joined by a second, changed and uninstalled. The last line is `N passed, N failed`.
 *
 *   node test/install/in-cluster.ts [namespaced|embedded|placed|changed]
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type ApiObject, at } from "../cluster/api-object.ts";
import { echoBackend } from "../cluster/backends.ts";
import { Cluster } from "../cluster/cluster.ts";
import { gatewayApi, Scene } from "../cluster/feature.ts";
import { askUntil, hasStatus } from "../cluster/gateway-request.ts";
import { findInside, runInside } from "../cluster/inside.ts";
import { exited } from "../conformance/rig.ts";
import { findHelm, helmReleases, runHelm } from "./helm.ts";

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
const finalizersOf = async (scene: Scene, name = scene.className) =>
  (
    (await scene.cluster.find({ ...className(scene), name }))?.metadata as
      | { finalizers?: readonly string[] }
      | undefined
  )?.finalizers;

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

const placed: Installation = {
  replicas: 2,
  options: ["dataPlaneNamespaces=default", "networkPolicy.create=true", "networkPolicy.metricsNamespaces=kube-system"],
  tests: {
    "the controller may make pods and certificates in the given namespaces and its own, and nowhere else": async (
      scene,
    ) => {
      for (const [group, resource] of [
        ["apps", "deployments"],
        ["", "services"],
        ["", "secrets"],
        ["networking.k8s.io", "networkpolicies"],
      ] as const) {
        for (const [namespace, allowed] of [
          ["default", true],
          [scene.controllerNamespace, true],
          ["kube-system", false],
        ] as const) {
          const attributes = { verb: "patch", group, resource, namespace };
          assert.equal(await mayController(scene, attributes), allowed, `${resource} in ${namespace}`);
        }
      }
      const lease = { verb: "update", group: "coordination.k8s.io", resource: "leases" };
      const own = { ...lease, namespace: scene.controllerNamespace };
      assert.equal(await mayController(scene, { ...own, name: "sluice-controller" }), true);
      assert.equal(await mayController(scene, { ...own, name: "another" }), false);
    },
    "a Gateway there is served, behind a NetworkPolicy, and one elsewhere says why it is not": async (scene) => {
      await scene.applyReady(`${echoBackend("echo")}\n---${gateway("edge", 80)}`);
      await askUntil({ address: await scene.address("edge"), host }, hasStatus(200));
      const kind = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", namespace: "default" };
      const policies = await scene.cluster.list(kind, "app.kubernetes.io/component=data-plane");
      assert.equal(policies.length, 1);
      await scene.cluster.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: "elsewhere" } }]);
      const abroad = (await scene.objects(gateway("edge", 80))).map((object) => ({
        ...object,
        metadata: { ...object.metadata, namespace: "elsewhere" },
      }));
      await scene.cluster.apply(abroad);
      const refused = await scene.waitForConditions({ ...scene.named("Gateway", "edge"), namespace: "elsewhere" }, [
        { type: "Programmed", status: "False", reason: "NoResources" },
      ]);
      assert.match(JSON.stringify(refused["status"]), /creates data planes only in the namespaces default/);
      assert.deepEqual(await deployments(scene, "elsewhere"), []);
    },
  },
};

/** The second installation: everything of its own but the controllerName. */
const other = ["--namespace", "other", "--set", "gatewayClass.name=other", "--set", "replicas=1"];

const changed: Installation = {
  replicas: 1,
  options: [],
  tests: {
    "of two installations with one controllerName, the second stands by, says so, and changes nothing": async (
      scene,
    ) => {
      await scene.applyReady(`${echoBackend("echo")}\n---${gateway("edge", 80)}`);
      const refused = await sluice(scene, "install", ...other);
      assert.equal(refused.code, 2);
      assert.match(refused.err, /The Sluice in namespace sluice-system already has the controllerName/);
      // Past the command, as with files that are applied.
      const { out } = await sluice(scene, "install", "--dry-run", "-o", "json", ...other);
      await scene.cluster.apply((JSON.parse(out) as { items: readonly ApiObject[] }).items);
      await scene.waitForPods({
        apiVersion: "apps/v1",
        kind: "Deployment",
        namespace: "other",
        name: "sluice-controller",
      });
      await scene.eventually(async () => assert.equal((await standingByEvents(scene)).length, 1));
      const before = await versions(scene);
      await scene.throughout(20_000, async () => assert.deepEqual(await versions(scene), before));
      await askUntil({ address: await scene.address("edge"), host }, hasStatus(200));
    },
    "Helm refuses a controllerName, a GatewayClass and objects that are another's": async (scene) => {
      const chart = join(import.meta.dirname, "../../deploy/chart/sluice");
      const folder = await mkdtemp(join(tmpdir(), "sluice-helm-"));
      const gatewayClass = `gatewayClass.name=${scene.className}`;
      for (const release of helmReleases) {
        const binary = findHelm(release);
        if (binary === undefined) {
          console.log(`  ${release} is left out: npm run check:install builds it`);
          continue;
        }
        for (const [namespace, set, problem] of [
          [
            "edge",
            "gatewayClass.name=edge",
            /The Sluice in namespace sluice-system already has the controllerName \S+\. /,
          ],
          [
            "edge",
            `controllerName=example.com/edge,${gatewayClass}`,
            /has the controllerName \S+, which cannot be changed/,
          ],
          ["sluice-system", gatewayClass, /invalid ownership metadata/],
        ] as const) {
          const run = runHelm(binary, ["install", "gw", chart, "--namespace", namespace, "--set", set], folder);
          assert.notEqual(run.status, 0);
          assert.match(run.stderr, problem);
        }
      }
      await rm(folder, { recursive: true });
    },
    "it takes over at once when the first is uninstalled, and traffic goes on": async (scene) => {
      const address = await scene.address("edge");
      const uninstalled = await sluice(scene, "uninstall", "--namespace", "sluice-system");
      assert.equal(uninstalled.code, 0, uninstalled.err);
      await scene.eventually(async () => {
        const [deployment] = await dataPlanes(scene, "default");
        assert.match(JSON.stringify(deployment), /sluice-controller\.other\.svc/);
      });
      await scene.waitForPods({
        apiVersion: "apps/v1",
        kind: "Deployment",
        namespace: "default",
        name: "edge-gateway-conformance",
      });
      await askUntil({ address, host }, hasStatus(200));
      assert.equal(await scene.address("edge"), address);
    },
    "watched namespaces instead of all leave no binding over the cluster": async (scene) => {
      const bindings = async () =>
        (await ownObjects(scene, "rbac.authorization.k8s.io/v1", "ClusterRoleBinding")).map(
          ({ metadata }) => metadata.name,
        );
      assert.equal((await bindings()).length, 3);
      const installed = await sluice(scene, "install", ...other, "--set", "watchNamespaces=default");
      assert.equal(installed.code, 0, installed.err);
      assert.deepEqual(await bindings(), ["sluice-controller-other"]);
      assert.equal((await dataPlanes(scene, "default")).length, 1);
      await scene.apply(gateway("narrow", 8082));
      await scene.waitForConditions(scene.named("Gateway", "narrow"), [{ type: "Programmed", status: "True" }]);
    },
    "an embedded data plane leaves none of the others": async (scene) => {
      const options = [
        "--set",
        "plane=embedded",
        "--set",
        "service.ports=80,8082",
        "--set",
        "publishAddresses=192.0.2.80",
      ];
      const installed = await sluice(scene, "install", ...other, ...options);
      assert.equal(installed.code, 0, installed.err);
      assert.match(installed.err, /removed Deployment default\/edge-gateway-conformance/);
      await scene.eventually(async () => assert.equal(await scene.address("edge"), "192.0.2.80"));
      assert.deepEqual(await dataPlanes(scene, "default"), []);
    },
    "a GatewayClass that is being deleted is not installed over": async (scene) => {
      const name = { ...className(scene), name: "other" };
      await scene.apply(gateway("late", 8083).replace("@class", "other"));
      await scene.eventually(async () => {
        assert.deepEqual(await finalizersOf(scene, "other"), [finalizer]);
      });
      await scene.cluster.remove([name]);
      const refused = await sluice(scene, "install", ...other, "--set", "plane=embedded");
      assert.equal(refused.code, 2);
      assert.match(
        refused.err,
        /GatewayClass other is being deleted, but stays until no Gateway uses it \(default\/late\)/,
      );
    },
    "uninstall refuses while Gateways are served, and then leaves nothing but what users wrote": async (scene) => {
      const namespace = ["--namespace", "other"];
      const refused = await sluice(scene, "uninstall", ...namespace);
      assert.equal(refused.code, 2);
      assert.match(refused.err, /would lose their data planes: .*default\/late/);
      const listed = await sluice(scene, "uninstall", ...namespace, "--force", "--purge", "--dry-run");
      const done = await sluice(scene, "uninstall", ...namespace, "--force", "--purge");
      assert.equal(done.code, 0, done.err);
      const lines = (text: string) => text.split("\n").filter((line) => line.startsWith("  removed"));
      assert.deepEqual(lines(done.err), lines(listed.out));
      for (const [apiVersion, kind] of installedKindsOf)
        assert.deepEqual(await ownObjects(scene, apiVersion, kind), []);
      await scene.cluster.waitGone({ apiVersion: "v1", kind: "Namespace", name: "other" });
      assert.ok(await scene.cluster.find(scene.named("Gateway", "edge")));
      assert.equal(await scene.cluster.find({ ...className(scene), name: "other" }), undefined);
    },
  },
};

const installedKindsOf = [
  ["apps/v1", "Deployment"],
  ["v1", "Service"],
  ["v1", "ServiceAccount"],
  ["rbac.authorization.k8s.io/v1", "ClusterRole"],
  ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding"],
  ["rbac.authorization.k8s.io/v1", "Role"],
  ["rbac.authorization.k8s.io/v1", "RoleBinding"],
] as const;

/** Of the second installation. */
const ownObjects = async (scene: Scene, apiVersion: string, kind: string) =>
  scene.cluster.list({ apiVersion, kind }, "gateway.sluice.dev/installation=other");

const dataPlanes = async (scene: Scene, namespace: string) =>
  scene.cluster.list(
    { apiVersion: "apps/v1", kind: "Deployment", namespace },
    "app.kubernetes.io/component=data-plane",
  );

async function standingByEvents(scene: Scene): Promise<readonly unknown[]> {
  const events = await scene.cluster.list({ apiVersion: "events.k8s.io/v1", kind: "Event", namespace: "default" });
  return events.filter((event) => event["reason"] === "InstallationStandingBy");
}

/** What two controllers would fight over, in which version it is. */
async function versions(scene: Scene): Promise<readonly string[]> {
  const [deployment] = await dataPlanes(scene, "default");
  const names = [scene.named("Gateway", "edge"), scene.named("HTTPRoute", "edge"), className(scene)];
  const objects = await Promise.all(names.map((name) => scene.cluster.find(name)));
  return [
    `Deployment ${deployment?.metadata.generation}`,
    ...objects.map((object) => `${object?.kind} ${object?.metadata.resourceVersion}`),
  ];
}

type Run = { readonly code: number; readonly out: string; readonly err: string };

/** The command as the cluster's images have it. */
async function sluice(scene: Scene, ...args: readonly string[]): Promise<Run> {
  const entry = join(await scene.rig.run("state"), "sluice/dist/main.js");
  const child = spawn(process.execPath, [entry, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exited(child)]);
  return { code, out, err };
}

const installations: Readonly<Record<string, Installation>> = { namespaced, embedded, placed, changed };

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
