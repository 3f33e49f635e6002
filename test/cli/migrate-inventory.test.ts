import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readCluster } from "../../src/cli/cluster-objects.ts";
import { openKubeClient } from "../../src/kube/open-kube-client.ts";
import type { Inventory } from "../../src/migrate/inventory/inventory.ts";
import { FakeApiServer } from "../kube/fake-api-server.ts";
import { run } from "./run-program.ts";

const ingress = (name: string, namespace = "shop") => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name, namespace, annotations: { "nginx.ingress.kubernetes.io/proxy-body-size": "8m" } },
  spec: {
    ingressClassName: "nginx",
    rules: [
      {
        host: `${name}.test`,
        http: {
          paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }],
        },
      },
    ],
  },
});

const kubeconfigOf = (server: string) =>
  JSON.stringify({
    clusters: [{ name: "c", cluster: { server } }],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });

test("sluice migrate inventory reads a cluster without paths, and writes nothing to it", async () => {
  await using server = await FakeApiServer.start();
  server.put(ingress("a"));
  server.put(ingress("b", "blog"));
  const folder = mkdtempSync(join(tmpdir(), "sluice-inventory-"));
  try {
    const kubeconfig = join(folder, "config");
    writeFileSync(kubeconfig, kubeconfigOf(server.url));
    const { code, out } = await run("migrate", "inventory", "--kubeconfig", kubeconfig, "-o", "json");
    assert.equal(code, 0);
    const { ingresses, summary } = JSON.parse(out) as Inventory;
    assert.deepEqual(
      ingresses.map(({ namespace, name, complexity }) => [namespace, name, complexity]),
      [
        ["blog", "b", "policies"],
        ["shop", "a", "policies"],
      ],
    );
    assert.deepEqual(summary.files, { files: 2, covered: 2, named: 0 });
    assert.deepEqual([...new Set(server.requests.map(({ verb }) => verb))], ["list"]);
    const one = await run("migrate", "inventory", "--kubeconfig", kubeconfig, "-n", "shop", "-o", "json");
    assert.deepEqual(
      (JSON.parse(one.out) as Inventory).ingresses.map(({ name }) => name),
      ["a"],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("readCluster() goes without what the user may not list, and names it", async () => {
  await using server = await FakeApiServer.start();
  server.put(ingress("a"));
  server.forbid("secrets");
  const client = openKubeClient({ access: server.access });
  try {
    const { objects, forbidden } = await readCluster(client);
    assert.deepEqual(
      objects.map(({ kind }) => kind),
      ["Ingress"],
    );
    assert.deepEqual(forbidden, ["secrets"]);
  } finally {
    await client.close();
  }
});

test("sluice migrate inventory prints every format, and exits 2 for a path that does not exist", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-inventory-"));
  try {
    writeFileSync(join(folder, "shop.json"), JSON.stringify(ingress("a")));
    const begins = {
      table: /^1 Ingress, 1 host, 1 namespace/,
      json: /^\{\n/,
      yaml: /^summary:/,
      csv: /^kind,/,
      markdown: /^# /,
      html: /^<!doctype html>/,
    };
    for (const [format, begin] of Object.entries(begins)) {
      const { code, out } = await run("migrate", "inventory", folder, "-o", format);
      assert.equal(code, 0);
      assert.match(out, begin);
    }
    assert.equal((await run("migrate", "inventory", join(folder, "nowhere"))).code, 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
