import assert from "node:assert/strict";
import { test } from "node:test";
import { readInstallation } from "../../src/install/installation.ts";
import { installObjects } from "../../src/install/manifests.ts";
import { type InstallOptions, initialOptions, type OptionName } from "../../src/install/options.ts";
import { ownerOf } from "../../src/install/ownership.ts";
import { InstallCluster } from "./install-fixture.ts";

const classFinalizer = "gateway-exists-finalizer.gateway.networking.k8s.io";
const gatewayApi = "gateway.networking.k8s.io";
const claim = "gateway.sluice.dev/installation";
const gatewayClass = (metadata: object, controllerName = initialOptions("").controllerName) => ({
  ...{ apiVersion: `${gatewayApi}/v1`, kind: "GatewayClass", metadata: { name: "sluice", ...metadata } },
  spec: { controllerName },
});
const classes = { group: gatewayApi, plural: "gatewayclasses" };

test("what is installed says whose it is, and every object but the definitions does", () => {
  for (const object of installObjects({ ...initialOptions(""), namespace: "edge" }, "1.2.3")) {
    const owner = ownerOf(object, "edge");
    assert.equal(owner.kind, object["kind"] === "CustomResourceDefinition" ? "other" : "ours", JSON.stringify(object));
    assert.equal(ownerOf(object, "other").kind, "other");
  }
});

test("readInstallation reads from a Deployment the options that it was made from", () => {
  const provisioned = { namespace: "edge", watchNamespaces: ["a", "b"], dataPlaneNamespaces: ["a"] };
  for (const changes of [
    {},
    { controllerName: "example.com/other", plane: "embedded", watchNamespaces: ["a"] },
    { ...provisioned, "networkPolicy.create": true },
  ]) {
    const options: InstallOptions = { ...initialOptions("1.2.3"), ...changes };
    const deployment = installObjects(options, "1.2.3").find(({ kind }) => kind === "Deployment");
    const read = readInstallation(deployment ?? {});
    assert.deepEqual(read, Object.fromEntries(Object.keys(read).map((name) => [name, options[name as OptionName]])));
  }
});

test("installing again with other options leaves nothing of the former ones", async () => {
  await using cluster = await InstallCluster.start();
  for (const changes of [{ watchNamespaces: ["shop"] }, { plane: "embedded" }, { replicas: 1 }, {}]) {
    assert.equal((await cluster.install(changes)).code, 0);
    await using fresh = await InstallCluster.start();
    await fresh.install(changes);
    assert.deepEqual(cluster.contents(), fresh.contents());
  }
});

test("data planes go when the controller looks after them no longer, and not before", async () => {
  await using cluster = await InstallCluster.start();
  await cluster.install();
  cluster.gatewayWithDataPlane("shop");
  cluster.gatewayWithDataPlane("blog");
  cluster.gatewayWithDataPlane("abroad", "example.com/other");
  const planes = () => cluster.contents().filter((shown) => /web-sluice/.test(shown));
  await cluster.install({ replicas: 3 });
  assert.equal(planes().length, 6);
  const placed = await cluster.install({ dataPlaneNamespaces: ["shop", "blog"] });
  assert.match(placed.text, /removed ClusterRoleBinding sluice-controller-planes-sluice-system/);
  assert.equal(planes().length, 6);
  const { text } = await cluster.install({ watchNamespaces: ["shop"] });
  assert.match(text, /removed ClusterRoleBinding sluice-controller-watch-sluice-system/);
  assert.match(text, /removed Deployment blog\/web-sluice/);
  const ofOthers = ["Deployment abroad/web-sluice", "Secret abroad/web-sluice"];
  assert.deepEqual(planes(), [ofOthers[0], "Deployment shop/web-sluice", ofOthers[1], "Secret shop/web-sluice"]);
  await cluster.install({ plane: "embedded" });
  assert.deepEqual(planes(), ofOthers);
});

test("the NetworkPolicies of data planes go with the option", async () => {
  await using cluster = await InstallCluster.start();
  await cluster.install({ "networkPolicy.create": true });
  cluster.gatewayWithDataPlane("shop", undefined, [["networking.k8s.io", "networkpolicies", "NetworkPolicy"]]);
  assert.match((await cluster.install()).text, /removed NetworkPolicy shop\/web-sluice/);
  assert.ok(cluster.contents().includes("Deployment shop/web-sluice"));
});

test("what Helm manages is not pruned, whatever its label", async () => {
  await using cluster = await InstallCluster.start();
  await cluster.install();
  const annotations = { "meta.helm.sh/release-name": "gw", "meta.helm.sh/release-namespace": "sluice-system" };
  const labels = { "gateway.sluice.dev/installation": "sluice-system" };
  for (const [name, more] of [
    ["theirs", { annotations }],
    ["ours", {}],
  ] as const) {
    const metadata = { name, namespace: "sluice-system", labels, ...more };
    cluster.create({ group: "", plural: "services" }, { apiVersion: "v1", kind: "Service", metadata });
  }
  const { text } = await cluster.install();
  assert.match(text, /removed Service sluice-system\/ours/);
  assert.doesNotMatch(text, /theirs/);
});

test("nothing is pruned before the new controller is ready", async () => {
  await using cluster = await InstallCluster.start();
  await cluster.install();
  cluster.server.store.listeners.clear();
  const { code, text } = await cluster.install({ watchNamespaces: ["shop"], replicas: 3 }, { waitMs: 20 });
  assert.equal(code, 1);
  assert.match(text, /To remove what the previous options left behind/);
  assert.ok(cluster.contents().includes("ClusterRoleBinding sluice-controller-watch-sluice-system"));
});

test("a GatewayClass of the former options stays while Gateways use it", async () => {
  await using cluster = await InstallCluster.start();
  await cluster.install();
  cluster.gatewayWithDataPlane("shop");
  const { text } = await cluster.install({ "gatewayClass.name": "other" });
  assert.match(text, /kept GatewayClass sluice: Gateways use it \(shop\/web\)/);
  cluster.server.remove("Gateway", "web", "shop");
  await cluster.install({ "gatewayClass.name": "other" });
  assert.equal(cluster.server.find("GatewayClass", "sluice"), undefined);
});

/** What is in the cluster already, the options, and what must be said. */
const refusals: readonly (readonly [string, (cluster: InstallCluster) => unknown, RegExp])[] = [
  [
    "a GatewayClass that somebody else has made",
    (cluster) => cluster.create(classes, gatewayClass({})),
    /GatewayClass sluice belongs to someone else: it has no label of Sluice\. .*gatewayClass\.create=false/,
  ],
  [
    "a GatewayClass of another installation",
    (cluster) => cluster.create(classes, gatewayClass({ labels: { "gateway.sluice.dev/installation": "edge" } })),
    /GatewayClass sluice belongs to the Sluice in namespace edge\. .*gatewayClass\.name=NAME/,
  ],
  [
    "a GatewayClass with another controllerName",
    async (cluster) => {
      await cluster.install({ controllerName: "example.com/first" });
    },
    /GatewayClass sluice has the controllerName example\.com\/first, which cannot be changed\./,
  ],
  [
    "another installation with the same controllerName",
    async (cluster) => {
      await cluster.install({ namespace: "edge", "gatewayClass.name": "edge" });
    },
    /The Sluice in namespace edge already has the controllerName sluice\.dev\/gateway-controller.*--set controllerName=/,
  ],
  [
    "an installation of Helm's",
    (cluster) => {
      const annotations = { "meta.helm.sh/release-name": "gw", "meta.helm.sh/release-namespace": "sluice-system" };
      const labels = { "gateway.sluice.dev/installation": "sluice-system" };
      const metadata = { name: "sluice-controller", namespace: "sluice-system", annotations, labels };
      for (const [kind, plural] of [
        ["ServiceAccount", "serviceaccounts"],
        ["Service", "services"],
      ] as const)
        cluster.create({ group: "", plural }, { apiVersion: "v1", kind, metadata });
    },
    /ServiceAccount sluice-system\/sluice-controller \(and 1 more object\) belongs to the Helm release sluice-system\/gw\. .*helm upgrade/,
  ],
  [
    "a GatewayClass that is being deleted and that Gateways use",
    async (cluster) => {
      await cluster.install();
      cluster.gatewayWithDataPlane("shop");
      cluster.server.store.merge(
        { ...classes, name: "sluice" },
        { metadata: { finalizers: [classFinalizer] } },
        "object",
      );
      cluster.server.remove("GatewayClass", "sluice");
    },
    /GatewayClass sluice is being deleted, but stays until no Gateway uses it \(shop\/web\)\./,
  ],
  [
    "a GatewayClass that somebody else's finalizer holds",
    async (cluster) => {
      await cluster.install();
      cluster.server.store.merge(
        { ...classes, name: "sluice" },
        { metadata: { finalizers: ["a.example/b"] } },
        "object",
      );
      cluster.server.remove("GatewayClass", "sluice");
    },
    /GatewayClass sluice is still being deleted, held by the finalizers a\.example\/b\./,
  ],
];

for (const [what, prepare, expected] of refusals) {
  test(`install refuses and changes nothing over ${what}`, async () => {
    await using cluster = await InstallCluster.start();
    await prepare(cluster);
    const before = JSON.stringify(cluster.contents());
    const { code, text } = await cluster.install({}, { waitMs: 20 });
    assert.equal(code, 2, text);
    assert.match(text, expected);
    assert.match(text, /Nothing was changed\.$/);
    assert.equal(JSON.stringify(cluster.contents()), before);
  });
}

test("install makes a GatewayClass anew that was on its way out and that nobody uses", async () => {
  await using cluster = await InstallCluster.start();
  await cluster.install();
  // The controller that took it off is gone.
  cluster.server.store.merge({ ...classes, name: "sluice" }, { metadata: { finalizers: [classFinalizer] } }, "object");
  cluster.server.remove("GatewayClass", "sluice");
  const before = cluster.server.find("GatewayClass", "sluice")?.metadata.uid;
  assert.equal((await cluster.install()).code, 0);
  const { metadata } = cluster.server.find("GatewayClass", "sluice") ?? {};
  assert.equal(metadata?.["deletionTimestamp"], undefined);
  assert.notEqual(metadata?.uid, before);
});

test("install keeps a namespace as it is that somebody else has made", async () => {
  await using cluster = await InstallCluster.start();
  const labels = { team: "edge" };
  cluster.create(
    { group: "", plural: "namespaces" },
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "sluice-system", labels } },
  );
  const { code, text } = await cluster.install();
  assert.equal(code, 0);
  assert.match(text, /kept Namespace sluice-system as it is/);
  assert.deepEqual(cluster.server.find("Namespace", "sluice-system")?.metadata["labels"], labels);
  await cluster.uninstall({ purge: true });
  assert.ok(cluster.contents().includes("Namespace sluice-system"));
});

test("install takes over the classes of an installation that is gone, and of no other", async () => {
  await using cluster = await InstallCluster.start();
  await cluster.install({ namespace: "edge", controllerName: "example.com/edge", "gatewayClass.name": "edge" });
  cluster.create(classes, gatewayClass({ name: "own", annotations: { [claim]: "gone" } }));
  cluster.create(classes, gatewayClass({ name: "theirs", annotations: { [claim]: "edge" } }, "example.com/edge"));
  const { text } = await cluster.install();
  assert.match(text, /took GatewayClass own over from the Sluice that was in namespace gone/);
  const claimed = (name: string) =>
    (cluster.server.find("GatewayClass", name) as { metadata?: { annotations?: unknown } } | undefined)?.metadata
      ?.annotations;
  assert.deepEqual([claimed("own"), claimed("theirs")], [{ [claim]: "sluice-system" }, { [claim]: "edge" }]);
});
