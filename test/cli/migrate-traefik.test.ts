import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "./run-program.ts";

const ingressRoute = (match: string) =>
  JSON.stringify({
    apiVersion: "traefik.io/v1alpha1",
    kind: "IngressRoute",
    metadata: { name: "web", namespace: "shop" },
    spec: { entryPoints: ["web"], routes: [{ match, services: [{ name: "web", port: 80 }] }] },
  });
const ingress = JSON.stringify({
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name: "blog", namespace: "blog" },
  spec: {
    ingressClassName: "nginx",
    rules: [
      {
        host: "blog.test",
        http: {
          paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "blog", port: { number: 80 } } } }],
        },
      },
    ],
  },
});

async function convert(...documents: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-traefik-"));
  try {
    const file = join(folder, "in.yaml");
    writeFileSync(file, documents.join("\n---\n"));
    return await run("migrate", "convert", file, "-o", "json");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const gatewaysOf = (out: string): readonly string[] =>
  (
    JSON.parse(out) as {
      readonly items: readonly { readonly kind: string; readonly metadata: { readonly name: string } }[];
    }
  ).items
    .filter(({ kind }) => kind === "Gateway")
    .map(({ metadata }) => metadata.name);

test("sluice migrate convert writes IngressRoutes, on a Gateway of their own beside that of ingress-nginx's Ingresses", async () => {
  const alone = await convert(ingressRoute("Host(`shop.test`)"));
  assert.deepEqual([alone.code, gatewaysOf(alone.out)], [0, ["shared-gateway"]]);
  const both = await convert(ingressRoute("Host(`shop.test`)"), ingress);
  assert.deepEqual([both.code, gatewaysOf(both.out)], [0, ["shared-gateway", "shared-gateway-traefik"]]);
});

test("sluice migrate convert exits 1 for a rule that no route can say", async () => {
  const { code, err } = await convert(ingressRoute("!Host(`shop.test`)"));
  assert.equal(code, 1);
  assert.match(err, /error\[SL9050\] IngressRoute shop\/web: The rule "!Host\(`shop\.test`\)" is not converted/);
});
