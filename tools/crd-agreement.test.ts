import assert from "node:assert/strict";
import { test } from "node:test";
import { kindNames, kinds } from "../src/resource/kinds.ts";
import { fieldTree } from "../src/resource/schema/field-tree.ts";
import { type Crd, differences, experimentalFields } from "./crd-agreement.ts";

/** CRDs that say what the declarations say. */
function ownCrds(): Crd[] {
  return kindNames
    .filter((kind) => kinds[kind].channel !== "core")
    .map((kind) => ({
      kind,
      group: kinds[kind].group,
      versions: Object.entries(kinds[kind].versions).map(([name, { schema }]) => ({
        name,
        served: true,
        schema: structuredClone(fieldTree(schema)),
      })),
    }));
}

/** The same CRDs with one change in the spec of HTTPRoute v1. */
function changed(
  change: (spec: Record<string, unknown>, properties: Record<string, Record<string, unknown>>) => void,
): Crd[] {
  const crds = ownCrds();
  const spec = crds.find(({ kind }) => kind === "HTTPRoute")?.versions[0]?.schema.properties?.["spec"];
  assert.ok(spec);
  change(spec as Record<string, unknown>, spec.properties as unknown as Record<string, Record<string, unknown>>);
  return crds;
}

test("differences finds none between the declarations and themselves", () => {
  assert.deepEqual(differences(ownCrds()), []);
});

test("differences names the field and what differs", () => {
  const rows: readonly [what: string, path: string, crds: Crd[]][] = [
    [
      "maxItems 16 instead of 8",
      "spec.hostnames",
      changed((_, fields) => {
        fields["hostnames"]!["maxItems"] = 8;
      }),
    ],
    [
      "is not declared",
      "spec.novel",
      changed((_, fields) => {
        fields["novel"] = { type: "string" };
      }),
    ],
    [
      "is declared and does not exist",
      "spec.hostnames",
      changed((_, fields) => {
        delete fields["hostnames"];
      }),
    ],
    [
      "requires  instead of hostnames",
      "spec",
      changed((spec) => {
        spec["required"] = ["hostnames"];
      }),
    ],
    [
      'enum ["All","None"] instead of ["All"]',
      "spec.useDefaultGateways",
      changed((_, fields) => {
        fields["useDefaultGateways"]!["enum"] = ["All"];
      }),
    ],
  ];
  for (const [what, path, crds] of rows)
    assert.deepEqual(differences(crds), [{ kind: "HTTPRoute", version: "v1", path, what }]);
});

test("differences tells of a kind without CRD", () => {
  const crds = ownCrds().filter(({ kind }) => kind !== "Gateway");
  assert.deepEqual(differences(crds), [
    { kind: "Gateway", version: "", path: "", what: "there is no CRD of this kind" },
  ]);
});

test("experimentalFields lists the topmost fields that the other channel lacks", () => {
  const standard = changed((_, fields) => {
    delete fields["useDefaultGateways"];
  });
  assert.deepEqual(experimentalFields(ownCrds(), standard), { HTTPRoute: ["spec.useDefaultGateways"] });
});
