import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Kind } from "../../src/resource/kinds.ts";
import { unservedFields } from "../../src/served/unserved-fields.ts";
import { loadPaths } from "../../src/source/folder/load-paths.ts";
import { resolveObject } from "../../src/store/resolve-object.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const { snapshot, findings } = await loadPaths([folder]);

/** Objects of each kind in the folder. */
const counts = {
  SecurityPolicy: 11,
  BackendTrafficPolicy: 14,
  ClientTrafficPolicy: 5,
  HTTPRouteFilter: 5,
  Backend: 3,
  ExtensionPolicy: 2,
} as const satisfies Partial<Record<Kind, number>>;

test("manifests that are written for Envoy Gateway are read without a finding, as our kinds", () => {
  assert.deepEqual(
    findings.map(({ position, message }) => `${position?.file}:${position?.line} ${message}`),
    [],
  );
  for (const [kind, count] of Object.entries(counts)) assert.equal(snapshot.list(kind as Kind).length, count, kind);
});

test("their objects keep their group, and are found by a reference of either group", () => {
  const name = { namespace: "shop", name: "supplier" };
  const theirs = { ...name, group: "gateway.envoyproxy.io" };
  const found = resolveObject(snapshot, "Backend", theirs);
  assert.equal(found?.apiVersion, "gateway.envoyproxy.io/v1alpha1");
  assert.equal(resolveObject(snapshot, "Backend", { ...name, group: "gateway.sluice.dev" }), found);
  assert.equal(snapshot.get("Backend", "shop", "supplier"), undefined);
});

test("of code that runs in Envoy alone, each field is told", () => {
  const code = snapshot.list("ExtensionPolicy").find(({ metadata }) => metadata.name === "code");
  assert.ok(code);
  const fields = unservedFields("ExtensionPolicy", code.spec);
  assert.deepEqual(
    fields.map(({ pointer, safe }) => [pointer, safe]),
    [
      ["/spec/lua", "no"],
      ["/spec/wasm", "no"],
    ],
  );
});
