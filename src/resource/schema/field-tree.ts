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
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
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
