import assert from "node:assert/strict";
import { type ApiObject, at, nameOf, parseManifest } from "../api-object.ts";
import { echoBackend } from "../backends.ts";
import { Cluster } from "../cluster.ts";
import { conditionOf, type Feature, gatewayApi, type Scene } from "../feature.ts";
import { askUntil, hasStatus } from "../gateway-request.ts";
import { gatewayNameLabel } from "../pod-process.ts";

const host = "provisioned.example.test";

/** Kinds of which a data plane may have objects. */
const ownedKinds = [
  { apiVersion: "apps/v1", kind: "Deployment" },
  { apiVersion: "v1", kind: "Service" },
  { apiVersion: "v1", kind: "ServiceAccount" },
  { apiVersion: "v1", kind: "Secret" },
  { apiVersion: "policy/v1", kind: "PodDisruptionBudget" },
  { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" },
] as const;

/** What is there for a Gateway. */
async function ownedBy(scene: Scene, gateway: string): Promise<readonly ApiObject[]> {
  const lists = await Promise.all(
    ownedKinds.map(async (kind) => {
      const found = await scene.cluster.list({ ...kind, namespace: scene.namespace }, `${gatewayNameLabel}=${gateway}`);
      return found.map((object) => ({ ...object, ...kind }));
    }),
  );
  return lists.flat();
}

async function ownedOf(scene: Scene, gateway: string, kind: (typeof ownedKinds)[number]["kind"]): Promise<ApiObject> {
  const found = (await ownedBy(scene, gateway)).filter((object) => object.kind === kind);
  assert.equal(found.length, 1, `${found.length} objects of kind ${kind} for Gateway ${gateway}`);
  return found[0] as ApiObject;
}

const gateway = (name: string, more = "") => `
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: ${name} }
spec:
  gatewayClassName: "@class"
  listeners: [{ name: http, protocol: HTTP, port: 80 }]
${more}`;

const route = (name: string, parent: string) => `
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: ${parent} }]
  hostnames: [${name}.${host}]
  rules: [{ backendRefs: [{ name: echo, port: 8080 }] }]`;

const foreign = `
apiVersion: v1
kind: Secret
metadata: { name: theirs }
stringData: { password: x }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: theirs }
---
apiVersion: v1
kind: Service
metadata: { name: theirs }
spec: { ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: theirs }
spec:
  replicas: 0
  selector: { matchLabels: { app: theirs } }
  template:
    metadata: { labels: { app: theirs } }
    # As pods of a data plane may be: only whose the Deployment is tells it apart.
    spec:
      serviceAccountName: theirs
      automountServiceAccountToken: false
      containers: [{ name: main, image: example.com/theirs }]`;

const config = (name: string, spec: string) => `
apiVersion: gateway.sluice.dev/v1alpha1
kind: GatewayConfig
metadata: { name: ${name} }
spec: ${spec}`;

const configured = (name: string) =>
  `  infrastructure: { parametersRef: { group: gateway.sluice.dev, kind: GatewayConfig, name: ${name} } }`;

export const provisioning: Feature = {
  name: "provisioning",
  shape: "in-cluster",
  manifest: `
${echoBackend("echo")}
---${gateway(
    "edge",
    `  infrastructure:
    labels: { team: shop }
    annotations: { example.com/contact: ann }`,
  )}
---${gateway("second")}
---${route("edge", "edge")}
---${route("second", "second")}
`,
  tests: {
    "every Gateway has a data plane of its own, and answers for its own routes alone": async (scene) => {
      const addresses = await Promise.all(["edge", "second"].map((name) => scene.address(name)));
      assert.notEqual(addresses[0], addresses[1]);
      for (const [index, name] of ["edge", "second"].entries()) {
        const other = ["second", "edge"][index] ?? "";
        await askUntil({ address: addresses[index] ?? "", host: `${name}.${host}` }, hasStatus(200));
        await askUntil({ address: addresses[index] ?? "", host: `${other}.${host}` }, hasStatus(404));
      }
    },

    "what is made carries the labels and annotations of the infrastructure, and belongs to the Gateway": async (
      scene,
    ) => {
      const owner = await scene.cluster.find(scene.named("Gateway", "edge"));
      const objects = await ownedBy(scene, "edge");
      for (const kind of ["Deployment", "Service", "ServiceAccount", "Secret"]) {
        assert.ok(
          objects.some((object) => object.kind === kind),
          `there is no ${kind}`,
        );
      }
      for (const object of objects) {
        const title = `${object.kind} ${object.metadata.name}`;
        assert.equal(object.metadata.labels?.["team"], "shop", title);
        assert.equal(object.metadata.annotations?.["example.com/contact"], "ann", title);
        assert.equal(at(object, "metadata", "ownerReferences", 0, "uid"), owner?.metadata.uid, title);
      }
      const pod = at(await ownedOf(scene, "edge", "Deployment"), "spec", "template", "metadata");
      assert.equal(at(pod, "labels", "team"), "shop");
      assert.equal(at(pod, "annotations", "example.com/contact"), "ann");
    },

    "pods have no token of the API, and no more rights than they need": async (scene) => {
      const template = at(await ownedOf(scene, "edge", "Deployment"), "spec", "template", "spec");
      assert.equal(at(template, "automountServiceAccountToken"), false);
      assert.equal(at(template, "securityContext", "runAsNonRoot"), true);
      const pods = await scene.cluster.list(
        { apiVersion: "v1", kind: "Pod", namespace: scene.namespace },
        `${gatewayNameLabel}=edge`,
      );
      assert.ok(pods.length > 0);
      for (const pod of pods) {
        for (const volume of at(pod, "spec", "volumes") as readonly unknown[]) {
          const sources = at(volume, "projected", "sources");
          const tokens = Array.isArray(sources) ? sources.filter((source) => at(source, "serviceAccountToken")) : [];
          assert.deepEqual(tokens, [], pod.metadata.name);
        }
        for (const container of at(pod, "spec", "containers") as readonly unknown[]) {
          assert.equal(at(container, "securityContext", "readOnlyRootFilesystem"), true);
          assert.equal(at(container, "securityContext", "allowPrivilegeEscalation"), false);
          assert.deepEqual(at(container, "securityContext", "capabilities", "drop"), ["ALL"]);
        }
      }
    },

    "labels of the infrastructure that change are passed on": async (scene) => {
      await scene.cluster.merge(scene.named("Gateway", "edge"), {
        spec: { infrastructure: { labels: { team: "cart" } } },
      });
      await scene.eventually(async () => {
        for (const object of await ownedBy(scene, "edge")) assert.equal(object.metadata.labels?.["team"], "cart");
      });
    },

    "a Deployment and a Service that are deleted come back": async (scene) => {
      for (const kind of ["Deployment", "Service"] as const) {
        const before = await ownedOf(scene, "edge", kind);
        await scene.cluster.remove([nameOf(before)]);
        await scene.eventually(async () => {
          assert.notEqual((await ownedOf(scene, "edge", kind)).metadata.uid, before.metadata.uid);
        });
      }
      const deployment = await ownedOf(scene, "edge", "Deployment");
      await scene.waitForPods(nameOf(deployment));
      await askUntil(async () => ({ address: await scene.address("edge"), host: `edge.${host}` }), hasStatus(200));
    },

    "a Deployment that was changed by hand is put right": async (scene) => {
      const deployment = await ownedOf(scene, "edge", "Deployment");
      const container = at(deployment, "spec", "template", "spec", "containers", 0);
      assert.ok(typeof container === "object" && container !== null);
      const containers = [{ ...container, image: "example.com/other" }];
      await scene.cluster.merge(nameOf(deployment), { spec: { template: { spec: { containers } } } });
      await scene.eventually(async () => {
        const now = await ownedOf(scene, "edge", "Deployment");
        assert.equal(at(now, "spec", "template", "spec", "containers", 0, "image"), at(container, "image"));
      });
    },

    "a GatewayConfig sets replicas and type of Service, also when it changes": async (scene) => {
      await scene.applyReady(config("two", "{ replicas: 2, service: { type: ClusterIP } }"));
      await scene.applyReady(gateway("configured", configured("two")));
      assert.equal(at(await ownedOf(scene, "configured", "Deployment"), "spec", "replicas"), 2);
      assert.equal(at(await ownedOf(scene, "configured", "Service"), "spec", "type"), "ClusterIP");
      await ownedOf(scene, "configured", "PodDisruptionBudget");
      await scene.apply(config("two", "{ replicas: 1, service: { type: LoadBalancer } }"));
      await scene.eventually(async () => {
        assert.equal(at(await ownedOf(scene, "configured", "Deployment"), "spec", "replicas"), 1);
        assert.equal(at(await ownedOf(scene, "configured", "Service"), "spec", "type"), "LoadBalancer");
      });
    },

    "a GatewayConfig that does not exist leaves the Gateway unaccepted": async (scene) => {
      await scene.apply(gateway("unconfigured", configured("absent")));
      const found = await scene.waitForConditions(scene.named("Gateway", "unconfigured"), [
        { type: "Accepted", status: "False", reason: "InvalidParameters" },
      ]);
      assert.match(conditionOf(found, "Accepted").message, /absent/);
    },

    "an object of somebody else that has the name is not touched": async (scene) => {
      const name = (await ownedOf(scene, "edge", "Deployment")).metadata.name.replace("edge", "foreign");
      await scene.apply(`
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, labels: { of: somebody } }
spec:
  replicas: 0
  selector: { matchLabels: { app: foreign } }
  template:
    metadata: { labels: { app: foreign } }
    spec: { containers: [{ name: main, image: example.com/foreign }] }`);
      await scene.apply(gateway("foreign"));
      await scene.waitForConditions(scene.named("Gateway", "foreign"), [{ type: "Programmed", status: "False" }]);
      const found = await scene.cluster.find(scene.named("Deployment", name, "apps/v1"));
      assert.equal(at(found, "spec", "template", "spec", "containers", 0, "image"), "example.com/foreign");
      assert.deepEqual(found?.metadata.labels, { of: "somebody" });
      await scene.cluster.remove([scene.named("Gateway", "foreign")]);
      await scene.cluster.waitGone(scene.named("Gateway", "foreign"));
      assert.ok(await scene.cluster.find(scene.named("Deployment", name, "apps/v1")), "it was deleted");
    },

    "the controller's account may write nothing that is not a data plane's, nor pods with other rights": async (
      scene,
    ) => {
      await using account = await Cluster.openAs(
        `system:serviceaccount:${scene.controllerNamespace}:sluice-controller`,
      );
      await scene.apply(foreign);
      const refused = (what: Promise<unknown>, why: RegExp) => assert.rejects(what, { status: 403, message: why });
      const touched = { metadata: { annotations: { touched: "yes" } } };
      for (const [kind, apiVersion] of [
        ["Secret", "v1"],
        ["Service", "v1"],
        ["ServiceAccount", "v1"],
        ["Deployment", "apps/v1"],
      ] as const) {
        const name = scene.named(kind, "theirs", apiVersion);
        const why = kind === "Secret" ? /only Secrets with certificates/ : /only objects of its data planes/;
        await refused(account.merge(name, touched), why);
        await refused(account.remove([name]), why);
      }
      const made = await ownedOf(scene, "edge", "Deployment");
      await account.merge(nameOf(made), touched);
      const pods = (spec: object) => account.merge(nameOf(made), { spec: { template: { spec } } });
      await refused(pods({ serviceAccountName: "theirs" }), /under its own ServiceAccount/);
      await refused(pods({ automountServiceAccountToken: true }), /without a token/);
      await refused(pods({ hostNetwork: true }), /must not share namespaces of the node/);
      const volumes = at(made, "spec", "template", "spec", "volumes") as readonly { readonly name: string }[];
      const others = volumes.filter(({ name }) => name !== "state");
      for (const state of [{ hostPath: { path: "/" } }, { secret: { secretName: "theirs" } }])
        await refused(pods({ volumes: [...others, { name: "state", ...state }] }), /mount only its own Secret/);
      const secret = {
        ...parseManifest(foreign)[0],
        metadata: { name: "new", namespace: scene.namespace },
      } as ApiObject;
      await refused(account.apply([secret]), /only Secrets with certificates/);
    },

    "a Gateway that is deleted takes everything along": async (scene) => {
      assert.ok((await ownedBy(scene, "second")).length > 0);
      await scene.cluster.remove([scene.named("Gateway", "second")]);
      await scene.eventually(async () => {
        assert.deepEqual(
          (await ownedBy(scene, "second")).map(({ kind }) => kind),
          [],
        );
      });
    },
  },
};
