/** The options as the chart shows them: `values.yaml` and the schema that holds a user's values to it. */
import type { JsonObject } from "../resource/json.ts";
import { type InstallOptions, installOptionRows, type OptionName, type OptionRow, optionNames } from "./options.ts";
import { fieldLines } from "./render-yaml.ts";
import type { Node } from "./template.ts";

type Rows = { readonly [K in OptionName]: OptionRow<InstallOptions[K]> };

const rows = installOptionRows("");
const chartOptions = optionNames.filter((name) => rows[name].helmBuiltin === undefined);
const defaultOf = (row: OptionRow<unknown>): unknown => row.chartInitial ?? row.initial;

/** `values.yaml`, each value below what it is for. */
export function renderValues(table: Rows): string {
  const written: string[] = [];
  let group = "";
  for (const name of chartOptions) {
    const [head = "", member] = name.split(".");
    const pad = member === undefined ? "" : "  ";
    if (member === undefined || head !== group) written.push("");
    if (member !== undefined && head !== group) written.push(`${head}:`);
    group = head;
    written.push(...wrap(table[name].help, 100).map((line) => `${pad}# ${line}`));
    written.push(...fieldLines(member ?? head, defaultOf(table[name]) as Node, pad.length));
  }
  return `${written.join("\n")}\n`;
}

/** `values.schema.json`: unknown values are refused, so that a slip in a name is noticed. */
export function valuesSchema(table: Rows): JsonObject {
  const properties: Record<string, unknown> = {};
  const groups: Record<string, Record<string, unknown>> = {};
  for (const name of chartOptions) {
    const [head = "", member] = name.split(".");
    const schema = { description: table[name].help, ...table[name].schema };
    if (member === undefined) properties[head] = schema;
    else {
      groups[head] ??= {};
      groups[head][member] = schema;
      properties[head] = { type: "object", additionalProperties: false, properties: groups[head] };
    }
  }
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Values of the Sluice chart",
    type: "object",
    additionalProperties: false,
    // Helm adds it to the values of every chart that is part of another.
    properties: { ...properties, global: { type: "object" } },
  };
}

function wrap(text: string, width: number): readonly string[] {
  const wrapped: string[] = [""];
  for (const word of text.split(" ")) {
    const last = wrapped.at(-1) ?? "";
    if (last !== "" && last.length + word.length >= width) wrapped.push(word);
    else wrapped[wrapped.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return wrapped;
}
