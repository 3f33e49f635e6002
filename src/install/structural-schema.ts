import type { JsonObject } from "../resource/json.ts";
import type { FieldTree } from "../resource/schema/field-tree.ts";

/** Keywords that mean the same in a CustomResourceDefinition, in the order in which they are written. */
const kept = [
  "description",
  "default",
  "enum",
  "pattern",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
  "nullable",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-map-type",
  "x-kubernetes-validations",
] as const;

/**
 * A declaration as the structural OpenAPI v3 schema of a CustomResourceDefinition: the form in which the API server
 * checks, defaults and prunes. Rules in code are not in it unless the declaration carries them as CEL
 * (`x-kubernetes-validations`): the controller checks those. Throws on a declaration that has no such form.
 */
export function structuralSchema(tree: FieldTree, path = ""): JsonObject {
  const common = Object.fromEntries(kept.filter((key) => tree[key] !== undefined).map((key) => [key, tree[key]]));
  if (tree.anyOf !== undefined) return { ...common, ...eitherSchema(tree.anyOf, path) };
  switch (tree.type) {
    case "string":
    case "boolean":
      return { type: tree.type, ...common };
    case "integer":
    case "number":
      return { ...common, ...numberSchema(tree) };
    case "array":
      if (tree.items === undefined) throw new TypeError(`${path}: a list without items has no structural schema`);
      return { type: "array", ...common, items: structuralSchema(tree.items, `${path}[]`) };
    case "object":
      return { type: "object", ...common, ...membersSchema(tree, path) };
    case undefined:
      if (Object.keys(tree).some((key) => !(kept as readonly string[]).includes(key))) break;
      return { ...common, "x-kubernetes-preserve-unknown-fields": true };
  }
  throw new TypeError(`${path}: a value of this declaration has no structural schema: ${JSON.stringify(tree)}`);
}

function membersSchema(tree: FieldTree, path: string): JsonObject {
  if (tree.properties === undefined) {
    if (typeof tree.additionalProperties !== "object" || Object.keys(tree.additionalProperties).length === 0)
      return { "x-kubernetes-preserve-unknown-fields": true };
    return { additionalProperties: structuralSchema(tree.additionalProperties, `${path}{}`) };
  }
  const fields = Object.entries(tree.properties);
  // The API server stores no empty `properties`: whoever applies them would want something else than what is there.
  if (fields.length === 0) return {};
  return {
    // A field with a default is never missing.
    ...(tree.required === undefined ? {} : { required: tree.required.filter((name) => isRequired(tree, name)) }),
    properties: Object.fromEntries(fields.map(([name, field]) => [name, structuralSchema(field, `${path}.${name}`)])),
  };
}

const isRequired = (tree: FieldTree, name: string): boolean => tree.properties?.[name]?.default === undefined;

/** The declarations write a format as its bounds; what is left of them is a bound that someone meant. */
function numberSchema(tree: FieldTree): JsonObject {
  const { type, maximum } = tree;
  if (tree.enum?.every(Number.isInteger)) return { type: "integer" };
  if (type === "number") return { type, ...boundsOf(tree) };
  return { type: "integer", format: maximum !== undefined && maximum <= int32 ? "int32" : "int64", ...boundsOf(tree) };
}

function boundsOf({ minimum, maximum }: FieldTree): JsonObject {
  return {
    ...(minimum === undefined || -minimum > int32 ? {} : { minimum }),
    ...(maximum === undefined || maximum === int32 || maximum >= Number.MAX_SAFE_INTEGER ? {} : { maximum }),
  };
}

const int32 = 2 ** 31 - 1;

/** The one choice between types that the API server knows: a number or text, such as a quantity or a port. */
function eitherSchema(choices: readonly FieldTree[], path: string): JsonObject {
  const text = choices.find(({ type }) => type === "string");
  const number = choices.find(({ type }) => type === "integer" || type === "number");
  if (text === undefined || number === undefined || choices.length !== 2)
    throw new TypeError(`${path}: only a choice between a number and text has a structural schema`);
  const limits = Object.fromEntries(
    (["pattern", "minLength", "maxLength"] as const)
      .filter((key) => text[key] !== undefined)
      .map((key) => [key, text[key]]),
  );
  return {
    anyOf: [{ type: "integer" }, { type: "string" }],
    "x-kubernetes-int-or-string": true,
    ...boundsOf(number),
    ...limits,
  };
}
