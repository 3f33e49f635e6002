import { z } from "zod";
import type { FieldsSchema } from "./spec.ts";

/** A declaration as data: the part of JSON Schema that the declarations use. For documentation, comparison, unknown fields. */
export type FieldTree = {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, FieldTree>>;
  readonly required?: readonly string[];
  readonly items?: FieldTree;
  /** Of the values of a map with free keys. */
  readonly additionalProperties?: FieldTree | boolean;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  /** Of a field that takes values of several types. */
  readonly anyOf?: readonly FieldTree[];
  readonly description?: string;
  readonly nullable?: boolean;
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: string;
  /** Rules between fields as the API server reads them (CEL), for kinds whose CustomResourceDefinition is ours. */
  readonly "x-kubernetes-validations"?: readonly { readonly rule: string; readonly message: string }[];
};

const trees = new WeakMap<FieldsSchema, FieldTree>();

/** The tree of a kind's fields; made once per declaration. */
export function fieldTree(schema: FieldsSchema): FieldTree {
  let tree = trees.get(schema);
  if (tree === undefined) {
    tree = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" }) as FieldTree;
    trees.set(schema, tree);
  }
  return tree;
}
