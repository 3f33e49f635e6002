import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { httpRoute, secret } from "../../../test/kube/kube-fixture.ts";
import type { KubeObject } from "../../kube/kube-client.ts";
import { namespacedName } from "../../resource/keys.ts";
import { KindTable } from "./kind-table.ts";

const key = namespacedName("shop", "cart");

/** As the API server has it: what changes besides the status changes the generation. */
function version(resourceVersion: number, generation: number, more: object = {}): KubeObject {
  const { metadata, ...rest } = httpRoute("cart", "shop", 80 + generation);
  const own = { uid: "u", generation, resourceVersion: String(resourceVersion) };
  return { ...rest, metadata: { ...(metadata as object), ...own }, ...more };
}

test("KindTable.put: tells a status from a change of the object, and keeps the resource for the former", () => {
  const table = new KindTable("HTTPRoute");
  assert.equal(table.put(key, version(1, 1)), "resource");
  const [resource, index] = [table.resource(key), table.index];
  assert.equal(table.put(key, version(2, 1, { status: { parents: [] } })), "status");
  assert.deepEqual(table.live(key), { uid: "u", resourceVersion: "2", finalizers: [], status: { parents: [] } });
  assert.equal(table.resource(key), resource);
  assert.equal(table.index, index);
  assert.equal(table.put(key, version(3, 2)), "resource");
  assert.notEqual(table.resource(key), resource);
  assert.equal(index.get(key), resource, "an index that was handed out stays as it was");
});

test("KindTable.put: labels and annotations that are read count, without a new generation", () => {
  const table = new KindTable("HTTPRoute");
  const labelled = (metadata: object, resourceVersion: number) => {
    const object = version(resourceVersion, 1);
    return { ...object, metadata: { ...(object["metadata"] as object), ...metadata } };
  };
  table.put(key, labelled({}, 1));
  assert.equal(table.put(key, labelled({ labels: { a: "b" } }, 2)), "resource");
  assert.equal(table.put(key, labelled({ labels: { a: "b" }, annotations: { "other.example/x": "y" } }, 3)), "status");
  assert.equal(
    table.put(key, labelled({ labels: { a: "b" }, annotations: { "sluice.dev/load-balancing": "least-request" } }, 4)),
    "resource",
  );
  const again = labelled({ labels: { a: "b" }, annotations: { "sluice.dev/load-balancing": "least-request" } }, 5);
  const recreated = { ...again, metadata: { ...(again["metadata"] as object), uid: "v" } };
  assert.equal(table.put(key, recreated), "resource", "another object of the same name");
});

test("KindTable.put: what was wrong with labels is forgotten when they are as before", () => {
  const table = new KindTable("HTTPRoute");
  const labelled = (labels: object, resourceVersion: number) => {
    const object = version(resourceVersion, 1);
    return { ...object, metadata: { ...(object["metadata"] as object), labels } };
  };
  table.put(key, labelled({ a: "b" }, 1));
  const resource = table.resource(key);
  assert.equal(table.put(key, labelled({ a: "not a label!" }, 2)), "resource");
  assert.deepEqual(
    table.findings.map(({ name }) => name),
    ["metadata-invalid", "last-good-kept"],
  );
  assert.equal(table.put(key, labelled({ a: "b" }, 3)), "resource");
  assert.deepEqual(table.findings, []);
  assert.equal(table.resource(key), resource);
});

test("KindTable.put: objects without a generation are compared by what is read of them", () => {
  const table = new KindTable("Secret");
  const at = namespacedName("shop", "cert");
  const data = { "tls.crt": "eA==", "tls.key": "eQ==" };
  assert.equal(table.put(at, secret("cert", "kubernetes.io/tls", data)), "resource");
  assert.equal(table.put(at, secret("cert", "kubernetes.io/tls", { ...data, "keystore.jks": "eg==" })), "nothing");
  assert.equal(table.put(at, secret("cert", "kubernetes.io/tls", { ...data, "tls.key": "eg==" })), "resource");
  assert.equal(table.live(at), undefined, "no one writes its status");
});

test("KindTable.remove: forgets the object and what there was to say about it", () => {
  const table = new KindTable("HTTPRoute");
  table.put(key, { ...version(1, 1), spec: { rules: "x" } });
  assert.equal(table.findings.length, 1);
  assert.deepEqual([table.index.size, table.live(key)?.resourceVersion], [0, "1"]);
  assert.equal(table.remove(key), "resource");
  assert.deepEqual([table.findings.length, table.live(key)], [0, undefined]);
  assert.equal(table.remove(key), "nothing");
});

test("KindTable: after any changes it holds what a table has that was filled at once", () => {
  const names = ["a", "b", "c"];
  const steps = fc.array(
    fc.record({
      name: fc.constantFrom(...names),
      port: fc.option(fc.constantFrom(80, 81, -1)),
      status: fc.constantFrom("x", "y"),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(steps, (run) => {
      const table = new KindTable("HTTPRoute");
      const fresh = new Map<string, { readonly object: KubeObject; readonly port: number }>();
      const generations = new Map<string, number>();
      for (const [index, { name, port, status }] of run.entries()) {
        const at = namespacedName("shop", name);
        if (port === null) {
          table.remove(at);
          fresh.delete(name);
          continue;
        }
        const before = fresh.get(name);
        const generation = (generations.get(name) ?? 0) + (before?.port === port ? 0 : 1);
        generations.set(name, generation);
        const { metadata, ...rest } = httpRoute(name, "shop", port);
        const own = { uid: `${name}-1`, generation, resourceVersion: String(index + 1) };
        const object = { ...rest, metadata: { ...(metadata as object), ...own }, status };
        const valid = port > 0 || before === undefined;
        table.put(at, object);
        // Of an object that becomes invalid the version before stays.
        fresh.set(name, { object: valid ? object : { ...(before?.object ?? {}), status }, port });
        assert.equal(table.live(at)?.status, status);
      }
      const expected = new KindTable("HTTPRoute");
      for (const [name, { object }] of fresh) expected.put(namespacedName("shop", name), object);
      const contents = ({ index }: KindTable) =>
        [...index.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
      assert.deepEqual(contents(table), contents(expected));
    }),
  );
});
