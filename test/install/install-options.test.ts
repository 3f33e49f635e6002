import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UsageError } from "../../src/base/usage-error.ts";
import { readInstallOptions } from "../../src/cli/install-options.ts";
import { initialOptions } from "../../src/install/options.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-options-"));
after(() => rmSync(folder, { recursive: true, force: true }));

type Given = Parameters<typeof readInstallOptions>[0];
const read = (given: Partial<Given> = {}) =>
  readInstallOptions({ installNamespace: undefined, image: undefined, values: [], set: [], ...given }, "1.2.3");

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

test("readInstallOptions without flags gives the defaults", () => {
  assert.deepEqual(read(), initialOptions("1.2.3"));
});

test("readInstallOptions lays files, --set and flags over each other in this order", () => {
  const values = [file("a.yaml", "replicas: 3\nplane: embedded\n"), file("b.yaml", "replicas: 4\nimage: {tag: b}\n")];
  const options = read({ values, set: ["replicas=5"], image: "example.com/sluice:9", installNamespace: "edge" });
  assert.equal(options.replicas, 5);
  assert.equal(options.plane, "embedded");
  assert.equal(options["image.tag"], "9");
  assert.equal(options.namespace, "edge");
});

test("readInstallOptions merges mappings as Helm does, and takes away what is null", () => {
  const values = [file("c.yaml", "resources:\n  requests: {cpu: 1}\n  limits: null\nnodeSelector: {disk: ssd}\n")];
  const options = read({ values, set: ['nodeSelector={"arch":"arm64"}'] });
  assert.deepEqual(options.resources, { requests: { cpu: 1, memory: "192Mi" } });
  assert.deepEqual(options.nodeSelector, { disk: "ssd", arch: "arm64" });
});

test("readInstallOptions reads each type of value from --set", () => {
  const set = [
    "watchNamespaces=shop,blog",
    "service.ports=80,8443",
    "gatewayClass.create=false",
    "image.tag=1.0",
    "imagePullSecrets=",
  ];
  const options = read({ set });
  assert.deepEqual(options.watchNamespaces, ["shop", "blog"]);
  assert.deepEqual(options["service.ports"], [80, 8443]);
  assert.equal(options["gatewayClass.create"], false);
  assert.equal(options["image.tag"], "1.0");
  assert.deepEqual(options.imagePullSecrets, []);
});

test("readInstallOptions takes an image apart into repository, tag and digest", () => {
  const digest = `sha256:${"b".repeat(64)}`;
  const table: readonly (readonly [image: string, repository: string, tag: string, digest: string])[] = [
    ["sluice", "sluice", "1.2.3", ""],
    ["sluice:2", "sluice", "2", ""],
    ["registry.example.com:5000/a/sluice", "registry.example.com:5000/a/sluice", "1.2.3", ""],
    ["registry.example.com:5000/a/sluice:2", "registry.example.com:5000/a/sluice", "2", ""],
    [`sluice@${digest}`, "sluice", "1.2.3", digest],
  ];
  for (const [image, ...expected] of table) {
    const options = read({ image });
    assert.deepEqual([options["image.repository"], options["image.tag"], options["image.digest"]], expected, image);
  }
});

test("readInstallOptions names the option that is wrong, and what may be meant", () => {
  const table: readonly (readonly [given: Partial<Given>, message: RegExp])[] = [
    [{ set: ["replica=3"] }, /There is no option replica\. Write replicas\./],
    [{ set: ["replicas"] }, /"replicas" is not an option with a value/],
    [{ set: ["replicas=many"] }, /The option replicas cannot have the value many/],
    [{ set: ["replicas=0"] }, /The option replicas must be from 1 to 100/],
    [{ set: ["createNamespace=1"] }, /The option createNamespace must be true or false/],
    [{ values: [join(folder, "none.yaml")] }, /none\.yaml cannot be read/],
    [{ values: [file("list.yaml", "- a\n")] }, /is not a mapping of options/],
    [{ values: [file("deep.yaml", "image: {tagg: a}\n")] }, /There is no option image\.tagg\. Write image\.tag\./],
    [{ values: [file("bad.yaml", "a: [")] }, /bad\.yaml cannot be read/],
    [{ installNamespace: "Edge" }, /The option namespace must match/],
  ];
  for (const [given, message] of table)
    assert.throws(
      () => read(given),
      (error) => error instanceof UsageError && message.test(error.message),
      String(message),
    );
});
