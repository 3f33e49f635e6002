import { type Kind, type KindRow, kindNames, kinds } from "../../src/resource/kinds.ts";
import { isExperimental } from "../../src/resource/schema/experimental-fields.ts";
import { type FieldTree, fieldTree } from "../../src/resource/schema/field-tree.ts";

/** `docs/reference/fields.md`: every field of every kind, from the declarations. */
export function renderFieldReference(): string {
  const lines = [
    "# Fields",
    "",
    "Every field that Sluice reads, with its type, default and limits. A field in bold is required if its parent is",
    "set. Gateway API kinds have all fields of release v1.7.0; core Kubernetes kinds have the fields that Sluice",
    "reads. Generated from `src/resource/schema/` by `npm run docs`.",
    "",
    "| kind | API group | versions | short names |",
    "| --- | --- | --- | --- |",
    ...kindNames.map((kind) => overviewRow(kind, kinds[kind])),
  ];
  for (const kind of kindNames) lines.push("", ...kindSection(kind, kinds[kind]));
  return `${lines.join("\n")}\n`;
}

function overviewRow(kind: Kind, row: KindRow): string {
  const versions = Object.entries(row.versions).map(([name, { state }]) =>
    state === "served" ? name : `${name} (${state})`,
  );
  return `| [${kind}](#${kind.toLowerCase()}) | ${row.group === "" ? "core" : row.group} | ${versions.join(", ")} | ${row.shortNames.join(", ")} |`;
}

function kindSection(kind: Kind, row: KindRow): readonly string[] {
  const rows = fieldRows(kind).map(({ path, isRequired, type, preset, limits }) => {
    const name = isRequired ? `**\`${path}\`**` : `\`${path}\``;
    const marked = isExperimental(kind, path) ? `${name} (experimental)` : name;
    return `| ${marked} | ${type} | ${cell(preset)} | ${cell(limits)} |`;
  });
  if (rows.length === 0) return [`## ${kind}`, "", "Only its metadata is read."];
  const channel = row.channel === "experimental" ? ["", "Only in the experimental channel."] : [];
  return [`## ${kind}`, ...channel, "", "| field | type | default | limits |", "| --- | --- | --- | --- |", ...rows];
}

/** A field as the pages show it. */
export type FieldRow = {
  /** Of names; `[]` stands for each entry of a list. */
  readonly path: string;
  /** Where the field above it is written. */
  readonly isRequired: boolean;
  readonly type: string;
  /** The default, as code; empty when there is none. */
  readonly preset: string;
  readonly limits: string;
  /** What the declaration says of it; empty when it says nothing. */
  readonly description: string;
};

/** Every field of a kind, each behind the one that it is in. */
export function fieldRows(kind: Kind): readonly FieldRow[] {
  const row: KindRow = kinds[kind];
  const tree = fieldTree(row.versions[row.version]!.schema);
  return Object.entries(tree.properties ?? {}).flatMap(([name, child]) => rowsBelow(child, name, "optional"));
}

function rowsBelow(tree: FieldTree, path: string, presence: "required" | "optional"): readonly FieldRow[] {
  const inner = tree.items ?? tree;
  const below = tree.items === undefined ? path : `${path}[]`;
  const own: FieldRow = {
    path,
    isRequired: presence === "required",
    type: typeOf(tree),
    preset: tree.default === undefined ? "" : `\`${JSON.stringify(tree.default)}\``,
    limits: limitsOf(tree),
    description: tree.description ?? "",
  };
  const children = Object.entries(inner.properties ?? {}).flatMap(([key, child]) => {
    const isRequired = inner.required?.includes(key) === true && child.default === undefined;
    return rowsBelow(child, `${below}.${key}`, isRequired ? "required" : "optional");
  });
  return [own, ...children];
}

function typeOf(tree: FieldTree): string {
  if (tree.enum !== undefined) return "one of";
  if (tree.items !== undefined) return tree.items.properties === undefined ? `list of ${typeOf(tree.items)}` : "list";
  if (typeof tree.additionalProperties === "object") return "map";
  return tree.type ?? "integer or string";
}

function limitsOf(tree: FieldTree): string {
  const own = [
    tree.enum === undefined ? "" : tree.enum.map((value) => `\`${value}\``).join(", "),
    range(tree.minItems, tree.maxItems, "entries"),
    range(tree.minProperties, tree.maxProperties, "entries"),
    range(tree.minLength, tree.maxLength, "characters"),
    range(within(tree.minimum), within(tree.maximum), ""),
    tree.pattern === undefined ? "" : `matches \`${tree.pattern}\``,
    tree["x-kubernetes-list-map-keys"] === undefined
      ? ""
      : `unique by ${tree["x-kubernetes-list-map-keys"].join(", ")}`,
    tree["x-kubernetes-list-type"] === "set" ? "no repetition" : "",
  ];
  const inner = tree.items === undefined || tree.items.properties !== undefined ? "" : limitsOf(tree.items);
  return [...own, inner === "" ? "" : `each: ${inner}`].filter((text) => text !== "").join("; ");
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  const tail = unit === "" ? "" : ` ${unit}`;
  if (least !== undefined && most !== undefined)
    return least === most ? `${least}${tail}` : `${least} to ${most}${tail}`;
  if (least !== undefined) return `at least ${least}${tail}`;
  return most === undefined ? "" : `at most ${most}${tail}`;
}

/** The bounds of int32 and of exact numbers go without saying. */
function within(bound: number | undefined): number | undefined {
  return bound === undefined || Math.abs(bound) >= 2147483647 ? undefined : bound;
}

/** Text that may stand in a table. */
export function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
