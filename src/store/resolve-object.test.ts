import assert from "node:assert/strict";
import { test } from "node:test";
import type { Resource } from "../resource/kinds.ts";
import { validateObject } from "../resource/validate-object.ts";
import { createSnapshot } from "./create-snapshot.ts";
import { resolveObject } from "./resolve-object.ts";

const ours = "gateway.sluice.dev";
const theirs = "gateway.envoyproxy.io";

function backend(group: string, name: string): Resource {
  const { resource } = validateObject({
    apiVersion: `${group}/v1alpha1`,
    kind: "Backend",
    metadata: { name },
    spec: { endpoints: [{ fqdn: { hostname: "a.example", port: 80 } }] },
  });
  assert.ok(resource);
  return resource;
}

test("a reference means the object of its own group, and else the one of the other group", () => {
  const [both, twin, alone] = [backend(ours, "both"), backend(theirs, "both"), backend(ours, "alone")];
  const snapshot = createSnapshot([both, twin, alone, backend(theirs, "there")]);
  const find = (group: string, name: string) =>
    resolveObject(snapshot, "Backend", { group, namespace: "default", name });
  assert.equal(snapshot.list("Backend").length, 4);
  assert.equal(find(ours, "both"), both);
  assert.equal(find(theirs, "both"), twin);
  assert.equal(find(theirs, "alone"), alone);
  assert.equal(find(ours, "there")?.apiVersion, `${theirs}/v1alpha1`);
  assert.equal(find(ours, "nowhere"), undefined);
});

test("a kind without twin has objects of its own group alone", () => {
  const snapshot = createSnapshot([]);
  assert.equal(resolveObject(snapshot, "Service", { group: "", namespace: "default", name: "a" }), undefined);
});
