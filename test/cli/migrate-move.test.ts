import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../../src/kube/kube-client.ts";
import { FakeApiServer } from "../kube/fake-api-server.ts";
import { run } from "./run-program.ts";

const backend = { service: { name: "web", port: { number: 80 } } };
const ingress = {
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name: "shop", namespace: "shop" },
  spec: {
    ingressClassName: "nginx",
    rules: [{ host: "shop.test", http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
  },
};
const gateway = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "edge", namespace: "infra" },
  spec: {
    gatewayClassName: "sluice",
    listeners: [{ name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "All" } } }],
  },
};
const route = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "shop", namespace: "shop" },
  spec: {
    parentRefs: [{ name: "edge", namespace: "infra", sectionName: "http" }],
    hostnames: ["shop.test"],
    rules: [{ backendRefs: [{ name: "web", port: 80 }] }],
  },
};

const text = (objects: readonly object[]): string => objects.map((object) => JSON.stringify(object)).join("\n---\n");

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-move-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("files: a host goes to side by side, to the mirror, to a share and back, and --dry-run writes nothing", () =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, "old.yaml"), text([ingress]));
    writeFileSync(join(folder, "new.yaml"), text([gateway, route]));
    const [state, out] = [join(folder, "state.json"), join(folder, "out")];
    const paths = [join(folder, "old.yaml"), join(folder, "new.yaml"), "--state", state];
    const step = (command: string, ...more: readonly string[]) =>
      run("migrate", command, ...paths, "--host", "shop.test", "--to", out, ...more);
    const stages = async () => {
      const { out: shown } = await run("migrate", "status", ...paths, "-o", "json");
      return (
        JSON.parse(shown) as { readonly hosts: readonly { readonly stage: string; readonly weight: number }[] }
      ).hosts.map(({ stage, weight }) => `${stage} ${weight}`);
    };

    const dry = await step("apply", "--dry-run");
    assert.deepEqual([dry.code, dry.err, existsSync(state), existsSync(out)], [0, "", false, false]);
    assert.match(
      dry.out,
      /^passed {3}converted routes name the host \(1\)\npassed {3}the Gateway accepts the routes\n/,
    );
    assert.match(dry.out, /apply {2}Gateway infra\/edge\n {2}apply {2}HTTPRoute shop\/shop\n/);

    const applied = await step("apply");
    assert.equal(applied.code, 0);
    assert.match(
      applied.out,
      /kubectl apply --server-side --force-conflicts --field-manager=sluice-migrate -f .*out\/shop\.test\.yaml\n/,
    );
    assert.deepEqual(await stages(), ["sideBySide 0"]);

    assert.equal((await step("apply")).code, 0);
    assert.deepEqual(await stages(), ["mirror 0"]);
    const mirrored = parseAllDocuments(readFileSync(join(out, "shop.test.yaml"), "utf8")).map((document) =>
      document.toJS(),
    );
    assert.equal(
      mirrored.find(({ kind }) => kind === "Ingress").metadata.annotations["nginx.ingress.kubernetes.io/mirror-host"],
      "shop.test",
    );

    assert.equal((await step("apply", "--weight", "20")).code, 0);
    assert.deepEqual(await stages(), ["percentage 20"]);
    const back = await step("rollback");
    assert.match(
      back.out,
      /kubectl delete --ignore-not-found httproute\.gateway\.networking\.k8s\.io move-shop-test -n infra\n/,
    );
    assert.match(back.out, /point the host's DNS to the Ingress controller first/);
    assert.deepEqual(await stages(), ["sideBySide 0"]);

    assert.equal((await step("cutover")).code, 0);
    const early = await step("cleanup");
    assert.equal(early.code, 1);
    assert.match(early.out, /FAILED {3}the host was cut over 0 h ago: the Ingress is kept for 48 h/);
    assert.deepEqual(await stages(), ["cutOver 100"]);
    const forced = await step("cleanup", "--force");
    assert.match(forced.out, /kubectl delete --ignore-not-found ingress\.networking\.k8s\.io shop -n shop\n/);
    assert.equal((await step("cleanup")).code, 1);
  }));

test("files: plan shows what holds a host up, and a host without converted routes cannot go on", () =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, "old.yaml"), text([ingress]));
    const paths = [join(folder, "old.yaml"), "--state", join(folder, "state.json")];
    const planned = await run("migrate", "plan", ...paths);
    assert.equal(planned.code, 0);
    assert.match(planned.out, /shop\.test +ingress +migrate apply +no converted route names the host/);
    const refused = await run("migrate", "apply", ...paths, "--host", "shop.test");
    assert.deepEqual([refused.code, existsSync(join(folder, "state.json"))], [1, false]);
    assert.match(
      (await run("migrate", "apply", ...paths, "--host", "none.test")).err,
      /No Ingress and no converted route has rules for none\.test/,
    );
    assert.match((await run("migrate", "apply", ...paths)).err, /Say which host, with --host/);
    writeFileSync(join(folder, "state.json"), "broken");
    assert.match((await run("migrate", "status", ...paths)).err, /does not hold the stages of hosts: it is not JSON/);
  }));

test("files: checks compare the answers of both addresses", () =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, "all.yaml"), text([ingress, gateway, route]));
    const paths = [join(folder, "all.yaml"), "--state", join(folder, "state.json"), "--to", join(folder, "out")];
    const host = ["--host", "shop.test"];
    await run("migrate", "apply", ...paths, ...host);
    const statusOf = new Map<Server, number>();
    const serve = async (status: number): Promise<Server> => {
      const server = createServer((_, response) => response.writeHead(statusOf.get(server) ?? 500).end());
      statusOf.set(server, status);
      await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
      return server;
    };
    const [old, fresh] = [await serve(200), await serve(404)];
    try {
      const addressOf = (server: Server) => `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const addresses = ["--old-address", addressOf(old), "--new-address", addressOf(fresh)];
      const different = await run("migrate", "apply", ...paths, ...host, ...addresses);
      assert.equal(different.code, 1);
      assert.match(
        different.out,
        /FAILED {3}GET http:\/\/shop\.test\/: 200 from the Ingress controller, 404 from the Gateway\./,
      );
      statusOf.set(fresh, 200);
      const alike = await run("migrate", "apply", ...paths, ...host, ...addresses);
      assert.equal(alike.code, 0, alike.out);
      assert.match(alike.out, /passed {3}both sides answer alike/);
    } finally {
      for (const server of [old, fresh]) {
        server.closeAllConnections();
        server.close();
      }
    }
  }));

const kubeconfigOf = (server: string) =>
  JSON.stringify({
    clusters: [{ name: "c", cluster: { server } }],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });

test("cluster: steps change the cluster by server-side apply, and the state is a ConfigMap", () =>
  withFolder(async (folder) => {
    await using server = await FakeApiServer.start();
    server.put(ingress as KubeObject);
    writeFileSync(join(folder, "new.yaml"), text([gateway, route]));
    writeFileSync(join(folder, "config"), kubeconfigOf(server.url));
    const cluster = [join(folder, "new.yaml"), "--cluster", "--kubeconfig", join(folder, "config"), "-n", "edge"];
    const step = async (command: string, ...more: readonly string[]) => {
      const { code, err } = await run("migrate", command, ...cluster, "--host", "shop.test", ...more);
      assert.deepEqual([command, code, err], [command, 0, ""]);
    };
    const at = (group: string, plural: string, namespace: string, name: string) =>
      server.store.get({ group, plural, namespace, name });
    const theRoute = () => at("gateway.networking.k8s.io", "httproutes", "shop", "shop");
    const theIngress = () => at("networking.k8s.io", "ingresses", "shop", "shop");

    await step("apply", "--dry-run");
    assert.equal(theRoute(), undefined);
    await step("apply");
    assert.ok(theRoute());
    assert.match(JSON.stringify(at("", "configmaps", "edge", "sluice-migrate")), /sideBySide/);

    await step("apply");
    assert.match(JSON.stringify(theIngress()), /mirror-host":"shop\.test"/);
    assert.ok(at("gateway.networking.k8s.io", "gateways", "infra", "edge-move"));
    await step("rollback");
    assert.doesNotMatch(JSON.stringify(theIngress()), /mirror-host/);
    assert.ok(theIngress()?.["spec"]);

    await step("apply", "--stage", "percentage", "--weight", "10");
    assert.ok(at("gateway.networking.k8s.io", "httproutes", "infra", "move-shop-test"));
    await step("cutover");
    assert.equal(at("gateway.networking.k8s.io", "httproutes", "infra", "move-shop-test"), undefined);
    await step("rollback", "--stage", "ingress");
    assert.equal(theRoute(), undefined);
    await step("apply");
    await step("cutover");
    await step("cleanup", "--force");
    assert.equal(theIngress(), undefined);
    assert.ok(theRoute());
  }));
