import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { at } from "../api-object.ts";
import { echoBackend } from "../backends.ts";
import { type Feature, gatewayApi, type Scene } from "../feature.ts";
import { ask, askUntil, echoOf, hasStatus } from "../gateway-request.ts";

const ingressApi = "networking.k8s.io/v1";
const program = new URL("../../../src/main.ts", import.meta.url).pathname;
const namespaces = Array.from({ length: 5 }, (_, index) => `move-${index + 1}`);
const hostsEach = 10;

/** Every host and its namespace. */
const hosts = namespaces.flatMap((namespace) =>
  Array.from({ length: hostsEach }, (_, index) => ({ host: `app${index}.${namespace}.test`, namespace })),
);

function ingress(host: string, namespace: string): object {
  const backend = { service: { name: "echo", port: { number: 8080 } } };
  return {
    apiVersion: ingressApi,
    kind: "Ingress",
    metadata: {
      name: host.split(".", 1)[0],
      namespace,
      annotations: { "nginx.ingress.kubernetes.io/proxy-body-size": "8m" },
    },
    spec: {
      ingressClassName: "nginx",
      rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
    },
  };
}

/** Sends to every host in turn, where the table says, until it is told to stop. */
class Load {
  readonly addresses = new Map<string, string>();
  sent = 0;
  readonly failures: string[] = [];
  readonly #stop = new AbortController();
  #done: Promise<unknown> = Promise.resolve();

  start(): void {
    const lanes = 4;
    this.#done = Promise.all(Array.from({ length: lanes }, (_, lane) => this.#run(lane, lanes)));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(lane: number, lanes: number): Promise<void> {
    for (let turn = lane; !this.#stop.signal.aborted; turn += lanes) {
      const { host, namespace } = hosts[turn % hosts.length]!;
      const address = this.addresses.get(host) ?? "";
      this.sent++;
      try {
        assert.equal(echoOf(await ask({ address, host, path: "/load" })).namespace, namespace);
      } catch (error) {
        this.failures.push(`${host} at ${address}: ${error instanceof Error ? error.message : error}`);
      }
      await sleep(5);
    }
  }
}

/** What `sluice migrate convert` makes of the cluster's Ingresses, as YAML. */
async function converted(scene: Scene): Promise<string> {
  const items = (
    await Promise.all(
      namespaces.map((namespace) => scene.cluster.list({ apiVersion: ingressApi, kind: "Ingress", namespace })),
    )
  ).flat();
  const flags = ["--gateway", `${scene.namespace}/shared`, "--gateway-class", scene.className];
  const child = spawn(process.execPath, [program, "migrate", "convert", "-", "--ingress-class", "nginx", ...flags], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert.notEqual(out, "", err);
  return out;
}

/** 50 Ingresses of 5 namespaces, moved host by host to Gateway API objects, while all of them are asked. */
export const ingressMove: Feature = {
  name: "ingress-move",
  shape: "in-cluster",
  manifest: "",
  tests: {
    "50 Ingresses of 5 namespaces are moved host by host without a failed request": async (scene) => {
      await scene.cluster.apply(
        namespaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
      );
      for (const namespace of namespaces) {
        const objects = await scene.objects(echoBackend("echo"));
        await scene.cluster.apply(objects.map((one) => ({ ...one, metadata: { ...one.metadata, namespace } })));
      }
      const before = hosts.map(({ host, namespace }) => ingress(host, namespace)) as Parameters<
        typeof scene.cluster.create
      >[0];
      await scene.cluster.create(before);
      const first = { apiVersion: ingressApi, kind: "Ingress", namespace: "move-1", name: "app0" };
      const served = await scene.cluster.waitFor(
        first,
        (object) => at(object, "status", "loadBalancer", "ingress", 0, "ip") !== undefined,
        { what: "given an address" },
      );
      const old = String(at(served, "status", "loadBalancer", "ingress", 0, "ip"));
      for (const { host } of hosts) await askUntil({ address: old, host }, hasStatus(200));

      const load = new Load();
      for (const { host } of hosts) load.addresses.set(host, old);
      load.start();
      try {
        const objects = await scene.apply(await converted(scene));
        const gateway = objects.find(({ kind }) => kind === "Gateway");
        assert.ok(gateway);
        await scene.waitForConditions(scene.named("Gateway", gateway.metadata.name, gatewayApi), [
          { type: "Programmed", status: "True" },
        ]);
        const fresh = await scene.address(gateway.metadata.name);
        assert.notEqual(fresh, old);
        for (const { host, namespace } of hosts) {
          // What a person does for each host: probe by address, move its DNS name, take the Ingress away.
          await askUntil({ address: fresh, host }, hasStatus(200));
          load.addresses.set(host, fresh);
          await sleep(50);
          await scene.cluster.remove([
            { apiVersion: ingressApi, kind: "Ingress", namespace, name: host.split(".", 1)[0]! },
          ]);
        }
        await sleep(1000);
      } finally {
        await load.stop();
      }
      console.log(`  ${load.sent} requests, ${load.failures.length} failed`);
      assert.deepEqual(load.failures.slice(0, 5), []);
      assert.ok(load.sent > 500, `only ${load.sent} requests were sent`);
    },
  },
  cleanUp: async (scene) => {
    await scene.cluster.remove(namespaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", name })));
  },
};
