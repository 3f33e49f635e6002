import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ownKinds } from "../../src/install/crd.ts";
import { initialOptions } from "../../src/install/options.ts";
import { kinds } from "../../src/resource/kinds.ts";
import { sluice } from "../cli/sluice-process.ts";
import { temporaryFolder } from "../config-stream/stream-fixture.ts";
import { InstallCluster } from "./install-fixture.ts";

const { controllerName } = initialOptions("");
const finalizers = ["gateway-exists-finalizer.gateway.networking.k8s.io"];
const claim = "gateway.sluice.dev/installation";
const classes = { group: "gateway.networking.k8s.io", plural: "gatewayclasses" };

/** What a controller leaves in its namespace. */
function leaveTraces(cluster: InstallCluster, namespace = "sluice-system"): void {
  const lease = { metadata: { name: "sluice-controller", namespace } };
  cluster.create(
    { group: "coordination.k8s.io", plural: "leases" },
    { apiVersion: "coordination.k8s.io/v1", kind: "Lease", ...lease },
  );
  const secret = { metadata: { name: "sluice-stream-authority", namespace } };
  cluster.create({ group: "", plural: "secrets" }, { apiVersion: "v1", kind: "Secret", ...secret });
}

function userClass(cluster: InstallCluster, name: string, claimedBy: string): void {
  cluster.create(classes, {
    ...{ apiVersion: "gateway.networking.k8s.io/v1", kind: "GatewayClass", spec: { controllerName } },
    metadata: { name, finalizers, annotations: { [claim]: claimedBy } },
  });
}

const definitions = ownKinds
  .map((kind) => `CustomResourceDefinition ${kinds[kind].plural}.${kinds[kind].group}`)
  .sort();

test("uninstall removes what was installed, whatever the options, and keeps the namespace and the definitions", async () => {
  for (const changes of [{}, { plane: "embedded" }, { watchNamespaces: ["shop", "blog"], namespace: "edge" }]) {
    await using cluster = await InstallCluster.start();
    const { namespace } = { ...initialOptions(""), ...changes };
    await cluster.install(changes);
    leaveTraces(cluster, namespace);
    const { code, text } = await cluster.uninstall({ namespace });
    assert.equal(code, 0, text);
    assert.deepEqual(cluster.contents(), [...definitions, `Namespace ${namespace}`]);
    assert.match(text, new RegExp(`Kept Namespace ${namespace} and the definitions .* --purge`));
    assert.equal((await cluster.uninstall({ namespace, purge: true })).code, 0);
    assert.deepEqual(cluster.contents(), []);
  }
});

test("uninstall --dry-run lists what goes and changes nothing", async () => {
  await using cluster = await InstallCluster.start();
  await cluster.install();
  leaveTraces(cluster);
  const before = cluster.contents();
  const { code, text } = await cluster.uninstall({ dryRun: true });
  assert.equal(code, 0);
  assert.deepEqual(cluster.contents(), before);
  for (const shown of before.filter((one) => !/^(Namespace|CustomResourceDefinition) /.test(one)))
    assert.ok(text.includes(`  removed ${shown}`), shown);
  assert.equal(cluster.server.requests.filter(({ verb }) => verb === "delete").length, 0);
});

test("uninstall refuses while Gateways are served, and with --force takes data planes, finalizers and claims away", async () => {
  await using cluster = await InstallCluster.start();
  await cluster.install();
  cluster.gatewayWithDataPlane("shop");
  userClass(cluster, "own", "sluice-system");
  cluster.server.store.merge({ ...classes, name: "sluice" }, { metadata: { finalizers } }, "object");
  const before = cluster.contents();
  const refused = await cluster.uninstall();
  assert.equal(refused.code, 2);
  assert.match(refused.text, /would lose their data planes: shop\/web\. .*--force/);
  assert.deepEqual(cluster.contents(), before);

  const forced = await cluster.uninstall({ force: true });
  assert.equal(forced.code, 0, forced.text);
  assert.deepEqual(cluster.contents(), [
    ...[...definitions, "Gateway shop/web", "GatewayClass own", "Namespace sluice-system"],
  ]);
  assert.match(forced.text, /released GatewayClass own/);
  assert.match(forced.text, /These Gateways are no longer served: shop\/web\./);
  const { metadata } = cluster.server.find("GatewayClass", "own") ?? {};
  assert.deepEqual([metadata?.["finalizers"], metadata?.["annotations"]], [[], {}]);
});

test("uninstall leaves another installation, its data planes and its classes alone", async () => {
  await using cluster = await InstallCluster.start();
  const other = { namespace: "edge", controllerName: "example.com/edge", "gatewayClass.name": "edge" };
  await cluster.install(other);
  cluster.gatewayWithDataPlane("shop", "example.com/edge");
  const before = cluster.contents();
  await cluster.install();
  // Whoever uses this class is another matter.
  cluster.server.remove("Gateway", "web", "shop");
  const { code, text } = await cluster.uninstall({ purge: true });
  assert.equal(code, 0);
  assert.deepEqual(
    cluster.contents(),
    before.filter((shown) => shown !== "Gateway shop/web"),
  );
  assert.match(text, /Kept the definitions of Sluice's kinds: another Sluice in the cluster needs them\./);
});

test("uninstall hands what is served over to another installation with the same controllerName", async () => {
  await using cluster = await InstallCluster.start();
  await cluster.install();
  cluster.gatewayWithDataPlane("shop");
  userClass(cluster, "own", "sluice-system");
  // As when both were applied as files.
  const spec = cluster.find("apps", "deployments", "sluice-controller", "sluice-system")?.["spec"];
  cluster.create(
    { group: "apps", plural: "deployments" },
    {
      ...{ apiVersion: "apps/v1", kind: "Deployment", spec },
      metadata: {
        ...{ name: "sluice-controller", namespace: "edge" },
        labels: { "app.kubernetes.io/name": "sluice", "app.kubernetes.io/component": "controller" },
      },
    },
  );
  const { code, text } = await cluster.uninstall();
  assert.equal(code, 0, text);
  assert.match(text, /left GatewayClass own to the Sluice in namespace edge/);
  const left = cluster.contents();
  for (const shown of [
    "Deployment shop/web-sluice",
    "Secret shop/web-sluice",
    "GatewayClass sluice",
    "GatewayClass own",
  ])
    assert.ok(left.includes(shown), shown);
  const { metadata } = cluster.server.find("GatewayClass", "own") ?? {};
  assert.deepEqual(metadata?.["annotations"], { [claim]: "edge" });
  assert.deepEqual(metadata?.["finalizers"], finalizers);
});

test("uninstall leaves what Helm has installed to Helm, and removes what Helm leaves", async () => {
  await using cluster = await InstallCluster.start();
  await cluster.install();
  leaveTraces(cluster);
  cluster.gatewayWithDataPlane("shop");
  userClass(cluster, "own", "sluice-system");
  const annotations = { "meta.helm.sh/release-name": "gw", "meta.helm.sh/release-namespace": "sluice-system" };
  const account = { group: "", plural: "serviceaccounts", namespace: "sluice-system", name: "sluice-controller" };
  cluster.server.store.merge(account, { metadata: { annotations } }, "object");
  const refused = await cluster.uninstall({ force: true });
  assert.equal(refused.code, 2);
  assert.match(
    refused.text,
    /belongs to the Helm release sluice-system\/gw\. .*helm uninstall gw --namespace sluice-system/,
  );

  for (const object of (await cluster.client.list({ group: "apps", version: "v1", plural: "deployments" })).items) {
    const { name, namespace } = object["metadata"] as { readonly name: string; readonly namespace: string };
    if (namespace === "sluice-system")
      await cluster.client.delete({ group: "apps", version: "v1", plural: "deployments", namespace, name });
  }
  cluster.server.store.merge(account, { metadata: { annotations: { "meta.helm.sh/release-name": null } } }, "object");
  assert.equal((await cluster.uninstall({ force: true })).code, 0);
  assert.deepEqual(cluster.contents(), [
    ...[...definitions, "Gateway shop/web", "GatewayClass own", "Namespace sluice-system"],
  ]);
});

test("uninstall says where there is nothing, and where there is something", async () => {
  await using cluster = await InstallCluster.start();
  assert.deepEqual(await cluster.uninstall(), { code: 0, text: "There is no Sluice in namespace sluice-system." });
  await cluster.install({ namespace: "edge" });
  const { text } = await cluster.uninstall();
  assert.equal(text, "There is no Sluice in namespace sluice-system. There is one in edge.");
});

test("uninstall says what is refused and goes on from there the next time", async () => {
  await using cluster = await InstallCluster.start();
  await cluster.install();
  cluster.server.failNext(1, 403, { verb: "delete", plural: "roles" });
  const { code, text } = await cluster.uninstall();
  assert.equal(code, 2);
  assert.match(text, /Not removed Role sluice-system\/sluice-controller: .*403/);
  assert.equal((await cluster.uninstall()).code, 0);
  assert.deepEqual(cluster.contents(), [...definitions, "Namespace sluice-system"]);
});

test("the commands install into, and uninstall from, the cluster of the kubeconfig", async () => {
  await using cluster = await InstallCluster.start();
  await using folder = await temporaryFolder();
  const kubeconfig = join(folder.path, "config");
  const config = {
    ...{ apiVersion: "v1", kind: "Config", "current-context": "x" },
    clusters: [{ name: "c", cluster: { server: cluster.server.url } }],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const installed = await sluice(["install", "--kubeconfig", kubeconfig, "--namespace", "edge"]);
  assert.equal(installed.code, 0, installed.err);
  assert.ok(cluster.contents().includes("Deployment edge/sluice-controller"));
  const listed = await sluice(["uninstall", "--kubeconfig", kubeconfig, "--namespace", "edge", "--dry-run"]);
  assert.match(listed.out, /removed Deployment edge\/sluice-controller/);
  const uninstalled = await sluice(["uninstall", "--kubeconfig", kubeconfig, "--namespace", "edge"]);
  assert.equal(uninstalled.code, 0, uninstalled.err);
  assert.deepEqual(cluster.contents(), [...definitions, "Namespace edge"]);
});
