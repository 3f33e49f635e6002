import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Load } from "../../../bench/cluster/load.ts";
import { stateFolder } from "../../../src/provision/proxy-arguments.ts";
import { type ApiObject, at, nameOf } from "../api-object.ts";
import { echoBackend } from "../backends.ts";
import { type Feature, gatewayApi, type Scene } from "../feature.ts";
import { ask, askUntil, hasStatus } from "../gateway-request.ts";
import { dataPlaneProcesses, type PodProcess } from "../pod-process.ts";

const host = "resilient.example.test";
/** Some turns of everything that runs periodically on the way. */
const whileMs = 3_000;

async function controllers(scene: Scene): Promise<readonly ApiObject[]> {
  const found = await scene.cluster.list(
    { apiVersion: "apps/v1", kind: "Deployment", namespace: scene.controllerNamespace },
    "app.kubernetes.io/component=controller",
  );
  assert.ok(found.length > 0, "no controller was found");
  return found.map((object) => ({ ...object, apiVersion: "apps/v1", kind: "Deployment" }));
}

/** Runs `body` while there is no pod of the controller, and waits until it is back. */
async function withoutController(scene: Scene, body: () => Promise<void>): Promise<void> {
  const deployments = await controllers(scene);
  const replicas = deployments.map((deployment) => at(deployment, "spec", "replicas"));
  try {
    for (const deployment of deployments) {
      await scene.cluster.merge(nameOf(deployment), { spec: { replicas: 0 } });
      await scene.waitForPods(nameOf(deployment));
    }
    await body();
  } finally {
    for (const [index, deployment] of deployments.entries()) {
      await scene.cluster.merge(nameOf(deployment), { spec: { replicas: replicas[index] ?? 1 } });
    }
  }
  for (const deployment of deployments) await scene.waitForPods(nameOf(deployment));
}

async function isServed(address: string): Promise<void> {
  assert.equal((await ask({ address, host })).status, 200);
}

/** What a data plane's process sees in the folder of its state. */
async function stateFiles({ pid }: PodProcess): Promise<readonly string[]> {
  const found = await readdir(join(`/proc/${pid}/root`, stateFolder), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

export const resilience: Feature = {
  name: "resilience",
  shape: "in-cluster",
  manifest: `
${echoBackend("echo")}
---
apiVersion: ${gatewayApi}
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: "@class"
  listeners: [{ name: http, protocol: HTTP, port: 80 }]
  infrastructure: { parametersRef: { group: gateway.sluice.dev, kind: GatewayConfig, name: edge } }
---
apiVersion: gateway.sluice.dev/v1alpha1
kind: GatewayConfig
metadata: { name: edge }
spec: { replicas: 2 }
---
apiVersion: ${gatewayApi}
kind: HTTPRoute
metadata: { name: app }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [${host}]
  rules: [{ backendRefs: [{ name: echo, port: 8080 }] }]
`,
  tests: {
    "the last state of a data plane is readable by nobody else": async (scene) => {
      const processes = await dataPlaneProcesses(scene.cluster, { namespace: scene.namespace, name: "edge" });
      // It is written behind what is served, which never waits for a disk.
      await scene.eventually(async () => {
        for (const process of processes) {
          const files = await stateFiles(process);
          assert.ok(files.length > 0, `${process.pod} has kept nothing`);
          for (const file of files) assert.equal((await stat(file)).mode & 0o777, 0o600, file);
        }
      });
    },

    "a data plane that is replaced, pod by pod, loses no request": async (scene) => {
      const address = await scene.address("edge");
      await askUntil({ address, host }, hasStatus(200));
      const load = new Load({
        ...{ address, connections: 8, pauseMs: 5, next: () => ({ host }) },
        fault: ({ status }) => (status === 200 ? undefined : `status ${status}`),
      });
      const before = await dataPlaneProcesses(scene.cluster, { namespace: scene.namespace, name: "edge" });
      await scene.cluster.merge(scene.named("GatewayConfig", "edge", "gateway.sluice.dev/v1alpha1"), {
        spec: { podAnnotations: { "example.com/replaced": "yes" } },
      });
      await scene.eventually(async () => {
        const now = await dataPlaneProcesses(scene.cluster, { namespace: scene.namespace, name: "edge" });
        assert.ok(now.length === before.length && now.every(({ pod }) => before.every((old) => old.pod !== pod)));
      });
      const result = await load.stop();
      assert.deepEqual(result.faults, []);
      assert.ok(result.requests > 0);
    },

    "a data plane serves on while the controller is away, also across its own restart": async (scene) => {
      const address = await scene.address("edge");
      await askUntil({ address, host }, hasStatus(200));
      await withoutController(scene, async () => {
        await scene.throughout(whileMs, () => isServed(address));
        for (const { pid } of await dataPlaneProcesses(scene.cluster, { namespace: scene.namespace, name: "edge" })) {
          process.kill(pid, "SIGKILL");
        }
        await askUntil({ address, host }, hasStatus(200));
        await scene.throughout(whileMs, () => isServed(address));
      });
    },

    "what is changed while no controller runs is put right when one is back": async (scene) => {
      const made = { namespace: scene.namespace, name: `edge-${scene.className}` };
      const service = { apiVersion: "v1", kind: "Service", ...made };
      const secret = { apiVersion: "v1", kind: "Secret", ...made };
      const before = await scene.cluster.find(service);
      const key = at(await scene.cluster.find(secret), "data", "tls.key");
      await withoutController(scene, async () => {
        await scene.cluster.merge(service, { spec: { selector: { somebody: "else" } } });
        await scene.cluster.merge(secret, { data: { "tls.key": Buffer.from("no key").toString("base64") } });
      });
      await scene.eventually(async () => {
        const selector = at(await scene.cluster.find(service), "spec", "selector");
        assert.deepEqual(selector, at(before, "spec", "selector"));
        const now = at(await scene.cluster.find(secret), "data", "tls.key");
        assert.match(Buffer.from(String(now), "base64").toString(), /PRIVATE KEY/);
        assert.notEqual(now, key);
      });
      await askUntil({ address: await scene.address("edge"), host }, hasStatus(200));
    },

    "a controller that is back brings changes into service again": async (scene) => {
      const address = await scene.address("edge");
      await scene.cluster.merge(scene.named("HTTPRoute", "app"), { spec: { hostnames: [`new.${host}`] } });
      await askUntil({ address, host: `new.${host}` }, hasStatus(200));
      await askUntil({ address, host }, hasStatus(404));
    },
  },
};
