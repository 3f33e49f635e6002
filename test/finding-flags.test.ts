import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { commandNames, flags, longFlagsOf } from "../src/cli/flags.ts";
import { compile } from "../src/compile/compile.ts";
import { loadPaths } from "../src/source/folder/load-paths.ts";
import { createSnapshot } from "../src/store/create-snapshot.ts";
import { resourcesOf } from "./compile-case.ts";
import { fromAll, gateway, ourClass, route } from "./compile-status.ts";
import { goldenCases, goldenOptions } from "./golden/golden-case.ts";

/** What flags can mend, beside the golden cases. */
const mendable = [
  ourClass.replace("name: ours", "name: foreign").replace("example.com/gateway", "other.example/x"),
  gateway("{ name: http, port: 80, protocol: HTTP }"),
  gateway("{ name: http, port: 80, protocol: HTTP }", "", "two").replace(
    "gatewayClassName: ours",
    "gatewayClassName: foreign",
  ),
];
const alone = mendable.slice(1);

const known = new Set(Object.values(flags).map(({ long }) => long));
const served = [
  ourClass.replace("example.com/gateway", goldenOptions.controllerName),
  gateway(`{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: none }] }, ${fromAll} }`),
  route(
    "parentRefs: [{ name: edge, namespace: infra }], rules: [{ backendRefs: [{ name: outside, port: 80 }] }, { backendRefs: [{ name: empty, port: 80 }] }]",
  ),
  "{ apiVersion: v1, kind: Service, metadata: { name: outside, namespace: shop }, spec: { type: ExternalName, externalName: a.example.com } }",
  "{ apiVersion: v1, kind: Service, metadata: { name: empty, namespace: shop }, spec: { selector: { app: x }, ports: [{ port: 80 }] } }",
];

test("fixes recommend the flags that a command has, and no others", async () => {
  const snapshots = [mendable, alone, served].map((documents) =>
    createSnapshot(resourcesOf(documents.join("\n---\n"))),
  );
  for (const { folder } of goldenCases) {
    const { snapshot } = await loadPaths([join(import.meta.dirname, "golden/base.yaml"), join(folder, "in.yaml")]);
    snapshots.push(snapshot);
  }
  const recommended = new Set<string>();
  for (const command of commandNames) {
    const offered = longFlagsOf(command);
    const options = { ...goldenOptions, flags: offered };
    for (const finding of snapshots.flatMap((snapshot) => compile(snapshot, options).findings)) {
      for (const [flag] of `${finding.message} ${finding.fix}`.matchAll(/--[a-z][a-z-]+/g)) {
        if (!known.has(flag)) continue;
        assert.ok(offered.includes(flag), `${command} has no ${flag}: ${finding.name} says: ${finding.fix}`);
        recommended.add(flag);
      }
    }
  }
  assert.deepEqual([...recommended].sort(), [
    "--adopt-classes",
    "--allow-external-name",
    "--self-signed",
    "--stub-backends",
  ]);
});
