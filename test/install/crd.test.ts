import assert from "node:assert/strict";
import { test } from "node:test";
import { customResourceDefinition, ownKinds } from "../../src/install/crd.ts";
import { ownDefinitions } from "../../src/install/manifests.ts";
import { structuralSchema } from "../../src/install/structural-schema.ts";
import { kindNames, kinds } from "../../src/resource/kinds.ts";
import type { FieldTree } from "../../src/resource/schema/field-tree.ts";

// biome-ignore lint/suspicious/noExplicitAny: schemas are read field by field
type Loose = Record<string, any>;

/** Every schema below one, with its path. */
function* schemasBelow(schema: Loose, path: string): Generator<readonly [string, Loose]> {
  yield [path, schema];
  for (const [name, child] of Object.entries((schema["properties"] ?? {}) as Record<string, Loose>))
    yield* schemasBelow(child, `${path}.${name}`);
  if (schema["items"]) yield* schemasBelow(schema["items"], `${path}[]`);
  if (typeof schema["additionalProperties"] === "object")
    yield* schemasBelow(schema["additionalProperties"], `${path}{}`);
}

test("structuralSchema writes each form of declaration as the API server reads it", () => {
  const table: readonly (readonly [tree: FieldTree, schema: object])[] = [
    [
      { type: "string", minLength: 1, pattern: "^a" },
      { type: "string", pattern: "^a", minLength: 1 },
    ],
    [
      { type: "string", enum: ["A", "B"], default: "A" },
      { type: "string", default: "A", enum: ["A", "B"] },
    ],
    [
      { type: "integer", minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
      { type: "integer", format: "int32" },
    ],
    [
      { type: "integer", minimum: 1, maximum: 65535 },
      { type: "integer", format: "int32", minimum: 1, maximum: 65535 },
    ],
    [
      { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      { type: "integer", format: "int64", minimum: 0 },
    ],
    [
      { type: "number", enum: [301, 302] },
      { enum: [301, 302], type: "integer" },
    ],
    [
      { type: "array", maxItems: 2, items: { type: "boolean" }, "x-kubernetes-list-type": "set" },
      { type: "array", maxItems: 2, "x-kubernetes-list-type": "set", items: { type: "boolean" } },
    ],
    [
      { type: "object", maxProperties: 3, additionalProperties: { type: "string" } },
      { type: "object", maxProperties: 3, additionalProperties: { type: "string" } },
    ],
    [
      { type: "object", additionalProperties: {} },
      { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    ],
    [
      {
        anyOf: [
          { type: "integer", minimum: 0 },
          { type: "string", pattern: "%$" },
        ],
      },
      {
        anyOf: [{ type: "integer" }, { type: "string" }],
        "x-kubernetes-int-or-string": true,
        minimum: 0,
        pattern: "%$",
      },
    ],
    [
      {
        type: "object",
        required: ["a", "b"],
        properties: { a: { type: "string" }, b: { type: "string", default: "x" } },
        "x-kubernetes-validations": [{ rule: "has(self.a)", message: "a" }],
      },
      {
        type: "object",
        "x-kubernetes-validations": [{ rule: "has(self.a)", message: "a" }],
        required: ["a"],
        properties: { a: { type: "string" }, b: { type: "string", default: "x" } },
      },
    ],
    // Empty properties are not stored: applying them again would be a conflict for another field manager.
    [{ type: "object", properties: {} }, { type: "object" }],
  ];
  for (const [tree, schema] of table) assert.deepEqual(structuralSchema(tree), schema);
});

test("structuralSchema refuses a declaration that has no structural form, and names the field", () => {
  const choice: FieldTree = { anyOf: [{ type: "object" }, { type: "string" }] };
  assert.throws(() => structuralSchema({ type: "object", properties: { a: choice } }, "spec"), /^TypeError: spec\.a: /);
  assert.throws(() => structuralSchema({ type: "array" }, "spec"), /^TypeError: spec: /);
});

test("customResourceDefinition gives every kind a schema in which each value has a type", () => {
  for (const kind of kindNames) {
    const { spec } = customResourceDefinition(kind) as Loose;
    assert.equal(spec.versions.filter(({ storage }: Loose) => storage).length, 1, kind);
    for (const { schema } of spec.versions) {
      for (const [path, node] of schemasBelow(schema.openAPIV3Schema, kind)) {
        const typed =
          node["type"] ?? node["x-kubernetes-int-or-string"] ?? node["x-kubernetes-preserve-unknown-fields"];
        assert.ok(typed !== undefined, path);
        assert.ok(!(node["properties"] && node["additionalProperties"]), path);
      }
    }
  }
});

test("customResourceDefinition leaves removed versions out and gives a status to kinds that have one", () => {
  const { spec } = customResourceDefinition("HTTPRoute") as Loose;
  assert.deepEqual(
    spec.versions.map(({ name }: Loose) => name),
    ["v1", "v1beta1"],
  );
  for (const version of spec.versions) {
    assert.deepEqual(version.subresources, { status: {} });
    assert.ok(version.schema.openAPIV3Schema.properties.status);
  }
  const policy = customResourceDefinition("BackendTLSPolicy") as Loose;
  assert.equal(policy["spec"].versions[0].schema.openAPIV3Schema.properties.status.properties.ancestors.maxItems, 16);
  assert.equal(policy["spec"].versions[1].deprecated, true);
});

test("our kinds, and only they, are installed; their columns name fields that they have", () => {
  assert.deepEqual(
    ownDefinitions().map((definition) => (definition as Loose)["spec"].names.kind),
    kindNames.filter((kind) => kinds[kind].group === "gateway.sluice.dev"),
  );
  assert.ok(ownKinds.length > 0);
  for (const definition of ownDefinitions() as readonly Loose[]) {
    for (const { additionalPrinterColumns, schema } of definition["spec"].versions) {
      for (const { jsonPath } of additionalPrinterColumns) {
        if (jsonPath.startsWith(".metadata.")) continue;
        const fields = jsonPath.slice(1).split(".");
        const found = fields.reduce(
          (at: Loose | undefined, field: string) => at?.["properties"]?.[field],
          schema.openAPIV3Schema,
        );
        assert.ok(found, jsonPath);
      }
    }
  }
});
