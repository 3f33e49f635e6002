import { kinds, twinOf } from "../../src/resource/kinds.ts";
import type { FieldRow, FieldService, FieldTable } from "../../src/served/field-service.ts";
import { fieldTables, type PartlyServedKind } from "../../src/served/field-tables.ts";
import { fieldRows } from "./fields.ts";

/** `docs/reference/policies.md`: what of the fields that these kinds have is served, from the tables. */
export function renderPoliciesReference(): string {
  const tables = Object.entries(fieldTables) as readonly (readonly [PartlyServedKind, FieldTable])[];
  return [
    "# Policies",
    "",
    "Kinds of `gateway.sluice.dev/v1alpha1` with the fields of those of the same name in `gateway.envoyproxy.io/v1alpha1`.",
    "Objects of that group are read as ours, in files and in clusters that have its kinds; their statuses are written to",
    "them. A reference to an object of one group finds the one of the other group if there is none of its own.",
    "",
    "This page tells what of their fields is served. A row is about its field and everything below it, except for what has",
    "a row of its own. **If it is not served:** with *left out*, the policy works without the field, and a finding tells of",
    "it. With *refused*, the policy is not accepted, because leaving the field out would let somebody in or exceed a limit.",
    "A filter that rules refer to is refused by answering 500 on those rules alone.",
    "Types, defaults and limits are in [fields](fields.md). Generated from `src/served/` by `npm run docs`.",
    ...tables.flatMap(([kind, table]) => ["", ...section(kind, table)]),
    "",
  ].join("\n");
}

function section(kind: PartlyServedKind, table: FieldTable): readonly string[] {
  const twin = twinOf(kind);
  const all = fieldRows(kind).map(({ path }) => path.replace(/^spec\.?/, ""));
  const alias =
    twin === undefined
      ? ` It is a kind of \`${kinds[kind].group}\`.`
      : twin.kind === kind
        ? ""
        : ` In \`${twin.group}\` it is called ${twin.kind}.`;
  return [
    `## ${kind}`,
    "",
    `${servedCount(all, table)}${alias}`,
    "",
    "| field | area | served | if it is not served |",
    "| --- | --- | --- | --- |",
    ...Object.keys(table)
      .sort()
      .map((path) => line(path, table[path]!)),
  ];
}

function line(path: string, [area, service]: FieldRow): string {
  if (service.served === "yes") return `| \`${path}\` | ${area} | yes | |`;
  return `| \`${path}\` | ${area} | no | ${service.safe === "yes" ? "left out" : "refused"}. ${service.reason} |`;
}

function servedCount(fields: readonly string[], table: FieldTable): string {
  const rows = fields.map((field) => serviceOf(field, table)).filter((service) => service !== undefined);
  const count = rows.filter(({ served }) => served === "yes").length;
  return `${count} of ${rows.length} fields are served.`;
}

/** What a field gets, as `jwt.providers[].name`: by the row with the longest path above it. `undefined`: there is none. */
export function serviceOf(field: string, table: FieldTable): FieldService | undefined {
  let path = field;
  while (path !== "") {
    if (Object.hasOwn(table, path)) return table[path]?.[1];
    path = path.endsWith("[]") ? path.slice(0, -2) : path.slice(0, Math.max(0, path.lastIndexOf(".")));
  }
  return undefined;
}
