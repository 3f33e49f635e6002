import assert from "node:assert/strict";
import { test } from "node:test";
import type { Resource } from "../resource/kinds.ts";
import { validateObject } from "../resource/validate-object.ts";
import { createSnapshot } from "./create-snapshot.ts";
import { type SourcePart, Store } from "./store.ts";

const service = (name: string, port = 80): Resource => {
  const { resource } = validateObject({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { ports: [{ port }] },
  });
  assert.ok(resource);
  return resource;
};
const configMap = (name: string): Resource => {
  const { resource } = validateObject({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
  assert.ok(resource);
  return resource;
};
const part = (file: string, resources: readonly Resource[]): SourcePart => ({
  file,
  resources,
  findings: [],
  ignored: [],
});

test("createSnapshot lists and finds objects by kind, namespace and name", () => {
  const [a, b] = [service("a"), service("b")];
  const snapshot = createSnapshot([a, b]);
  assert.deepEqual(snapshot.list("Service"), [a, b]);
  assert.equal(snapshot.get("Service", "default", "b"), b);
  assert.equal(snapshot.get("Service", "other", "b"), undefined);
  assert.equal(snapshot.get("ConfigMap", "default", "b"), undefined);
  assert.deepEqual(snapshot.list("Gateway"), []);
  assert.ok(Object.isFrozen(snapshot.list("Service")));
});

test("createSnapshot: cluster-scoped objects are found without a namespace", () => {
  const { resource } = validateObject({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "shop", namespace: "odd" },
  });
  assert.ok(resource);
  assert.equal(createSnapshot([resource]).get("Namespace", undefined, "shop"), resource);
});

test("Store.replace hands unchanged objects on as they are", () => {
  const store = new Store();
  const [first, second] = [part("a", [service("a")]), part("b", [service("b")])];
  store.replace([first, second]);
  const before = store.state.snapshot;
  store.replace([first, part("b", [service("b", 81)])]);
  assert.notEqual(store.state.snapshot, before);
  assert.equal(store.state.snapshot.get("Service", "default", "a"), before.get("Service", "default", "a"));
  assert.equal(before.get("Service", "default", "b")?.spec.ports?.[0]?.port, 80, "an old snapshot stays as it was");
});

test("Store.replace keeps the snapshot when only findings changed", () => {
  const store = new Store();
  const one = part("a", [service("a"), configMap("c")]);
  store.replace([one]);
  const { snapshot, version } = store.state;
  assert.equal(store.replace([{ ...one }]), true);
  assert.equal(store.state.snapshot, snapshot);
  assert.equal(store.state.version, version + 1);
});

test("Store.replace with the same parts changes nothing and tells no one", () => {
  const store = new Store();
  const one = part("a", [service("a")]);
  store.replace([one]);
  store.subscribe(() => assert.fail("told of no change"));
  assert.equal(store.replace([one]), false);
  assert.equal(store.state.version, 1);
});

test("Store.replace: of an object defined twice the last one counts, and object-repeated says where", () => {
  const store = new Store();
  store.replace([part("a", [service("a", 1)]), part("b", [service("a", 2)])]);
  assert.equal(store.state.snapshot.get("Service", "default", "a")?.spec.ports?.[0]?.port, 2);
  assert.deepEqual(
    store.state.findings.map(({ name, message }) => [name, message]),
    [["object-repeated", "Service default/a is defined again; that definition is used, this one is not."]],
  );
});

test("Store.replace lists each ignored kind once, with the number of its objects", () => {
  const store = new Store();
  const ignored = [
    { group: "cert-manager.io", kind: "Certificate" },
    { group: "", kind: "Pod" },
  ];
  store.replace([
    { ...part("a", []), ignored },
    { ...part("b", []), ignored: ignored.slice(0, 1) },
  ]);
  assert.deepEqual(
    store.state.findings.map(({ name, message }) => [name, message]),
    [
      ["kind-ignored", "2 objects of kind Certificate (cert-manager.io) are ignored."],
      ["kind-ignored", "1 object of kind Pod is ignored."],
    ],
  );
});

test("Store.subscribe tells of changes until it is undone", () => {
  const store = new Store();
  const seen: number[] = [];
  const stop = store.subscribe(({ version }) => seen.push(version));
  store.replace([part("a", [service("a")])]);
  store.replace([]);
  stop();
  store.replace([part("b", [])]);
  assert.deepEqual(seen, [1, 2]);
});
