/**
 * ingress-nginx takes `/admin%2Fx` for a path below `/admin`, and routes do not: whether the Ingress is served as it is or converted,
 * what protects `/admin` is not come around.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../../src/compile/compile.ts";
import { defaultIngressOptions } from "../../../src/ingress/ingress-options.ts";
import { readIngresses } from "../../../src/ingress/read-ingresses.ts";
import { convertIngresses } from "../../../src/migrate/convert/convert-ingresses.ts";
import { objectOf } from "../../../src/migrate/convert/manifest.ts";
import { defaultConvertOptions } from "../../../src/migrate/convert/options.ts";
import { validateObject } from "../../../src/resource/validate-object.ts";
import { createSnapshot } from "../../../src/store/create-snapshot.ts";
import { defaultOptions, resourcesOf, yaml } from "../../compile-case.ts";
import { startPlane } from "../../plane/plane-fixture.ts";
import { exchange } from "../../plane/raw-client.ts";
import { ok, RawUpstream } from "../../plane/raw-upstream.ts";

const ingressOf = (name: string, host: string, path: string, annotations: Readonly<Record<string, string>>) =>
  JSON.stringify({
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name,
      namespace: "shop",
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([key, value]) => [`nginx.ingress.kubernetes.io/${key}`, value]),
      ),
    },
    spec: {
      ingressClassName: "nginx",
      rules: [
        {
          host,
          http: { paths: [{ path, pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }] },
        },
      ],
    },
  });

const objects = (port: number) =>
  resourcesOf(
    yaml(
      ingressOf("open", "shop.test", "/", {}),
      ingressOf("admin", "shop.test", "/admin", { "allowlist-source-range": "203.0.113.0/24" }),
      ingressOf("other", "other.test", "/", {}),
      "{ apiVersion: v1, kind: Service, metadata: { name: web, namespace: shop }, spec: { ports: [{ port: 80 }] } }",
      `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-1, namespace: shop, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: "", port: ${port} }]
endpoints: [{ addresses: [127.0.0.1] }]`,
    ),
  );

const asked = [
  ["shop.test", "/admin/x"],
  ["shop.test", "/admin%2Fx"],
  ["shop.test", "/admin%2fx"],
  ["shop.test", "/%61dmin%2Fx"],
  ["shop.test", "/admin%5Cx"],
  ["shop.test", "/x"],
  ["other.test", "/admin%2Fx"],
] as const;

const ingress = { ...defaultIngressOptions, classes: ["nginx"] };
const options = { ...defaultOptions, adoptClasses: true };

async function ask(plane: ReturnType<typeof compile>): Promise<readonly number[]> {
  await using gateway = await startPlane({ generation: 1, ...plane });
  const statuses: number[] = [];
  for (const [host, path] of asked) {
    const { status } = await exchange(
      gateway.port,
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    );
    statuses.push(status);
  }
  return statuses;
}

test("an escaped slash does not come around what protects a path, as an Ingress and converted", async () => {
  await using upstream = await RawUpstream.start(() => ok("app"));
  const snapshot = createSnapshot(objects(upstream.port));
  // A backslash is none of nginx's slashes.
  assert.deepEqual(await ask(compile(snapshot, { ...options, ingress })), [403, 403, 403, 403, 200, 200, 200]);
  const { manifests } = convertIngresses(readIngresses(snapshot, ingress), snapshot, defaultConvertOptions);
  const converted = manifests.map((manifest) => validateObject(objectOf(manifest)).resource!);
  const kept = objects(upstream.port).filter(({ kind }) => kind !== "Ingress");
  const served = compile(createSnapshot([...converted, ...kept]), options);
  assert.deepEqual(await ask(served), [403, 400, 400, 400, 400, 200, 200]);
  assert.deepEqual(
    upstream.requests.map(({ head }) => head.split(" ")[1]),
    ["/admin%5Cx", "/x", "/admin%2Fx", "/x", "/admin%2Fx"],
  );
});
