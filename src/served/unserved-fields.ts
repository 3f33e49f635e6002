import { canonicalJson } from "../base/canonical-json.ts";
import { isJsonObject, pointerOf } from "../resource/json.ts";
import { kinds, type Resource } from "../resource/kinds.ts";
import { type FieldTree, fieldTree } from "../resource/schema/field-tree.ts";
import { type FieldService, type FieldTable, served } from "./field-service.ts";
import { fieldTables, type PartlyServedKind } from "./field-tables.ts";

/** A field that an object sets and that is not served. */
export type UnservedField = {
  /** From the root of the object, as `/spec/jwt`. */
  readonly pointer: string;
  /** As users write it, as `spec.rules[0].cel`. */
  readonly path: readonly (string | number)[];
  /** Whether requests may be answered as if it were not there. */
  readonly safe: "yes" | "no";
  /** One sentence. */
  readonly reason: string;
};

/**
 * The fields of an object that are not served, in the order of its fields: each at the place of its row. Below one that is
 * told, those are told that have a reason of their own. A field with its default value counts as not set.
 */
export function unservedFields<K extends PartlyServedKind>(
  kind: K,
  spec: Resource<K>["spec"],
): readonly UnservedField[] {
  const { versions, version } = kinds[kind];
  const tree = fieldTree(versions[version].schema).properties?.["spec"] ?? {};
  const whole: Claim = { service: served, path: ["spec"], isUsed: false, below: [] };
  collect(spec, tree, { path: whole.path, row: "" }, { rows: fieldTables[kind], claim: whole });
  return whole.below;
}

type Place = { readonly path: readonly (string | number)[]; readonly row: string };

/** A row of the table at its place in the object. `isUsed`: a field is set that has no other row. */
type Claim = {
  readonly service: FieldService;
  readonly path: readonly (string | number)[];
  isUsed: boolean;
  readonly below: UnservedField[];
};
type Search = { readonly rows: FieldTable; readonly claim: Claim };

function collect(value: unknown, tree: FieldTree, at: Place, search: Search): void {
  const { rows, claim } = search;
  if (Array.isArray(value) && value.length > 0) {
    const row = `${at.row}[]`;
    for (const [index, item] of value.entries())
      collect(item, tree.items ?? {}, { path: [...at.path, index], row }, search);
    return;
  }
  if (!isJsonObject(value) || Object.keys(value).length === 0) {
    claim.isUsed = true;
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    const child = tree.properties?.[name] ?? {};
    if (child.default !== undefined && canonicalJson(child.default) === canonicalJson(member)) continue;
    const place = { path: [...at.path, name], row: at.row === "" ? name : `${at.row}.${name}` };
    const row = Object.hasOwn(rows, place.row) ? rows[place.row] : undefined;
    if (row === undefined) {
      collect(member, child, place, search);
      continue;
    }
    const own: Claim = { service: row[1], path: place.path, isUsed: false, below: [] };
    collect(member, child, place, { rows, claim: own });
    claim.below.push(...fieldsOf(own));
  }
}

function fieldsOf({ service, path, isUsed, below }: Claim): readonly UnservedField[] {
  if (service.served === "yes" || !isUsed) return below;
  const { safe, reason } = service;
  const others = below.filter((field) => field.reason !== reason);
  return [{ pointer: pointerOf(path), path, safe, reason }, ...others];
}
