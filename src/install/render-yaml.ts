/** The template in Helm's language: YAML with expressions where it has holes. Without holes it is plain YAML. */
import { unreachable } from "../base/unreachable.ts";
import { installOptionRows, type OptionName } from "./options.ts";
import { type Hole, isHole, type Node, type Test } from "./template.ts";

/** YAML with Helm's expressions where the template has holes. */
export function renderYaml(node: Node): string {
  return `${lines(node, 0).join("\n")}\n`;
}

/** A value that stands behind its field's name. `undefined`: it has lines of its own. */
function inline(node: Node): string | undefined {
  if (typeof node === "string") return scalar(node);
  if (typeof node !== "object") return String(node);
  if (!isHole(node)) {
    if (Object.keys(node).length > 0) return undefined;
    return Array.isArray(node) ? "[]" : "{}";
  }
  switch (node.hole) {
    case "option":
      return optionType(node.option) === "map"
        ? undefined
        : `{{ ${optionType(node.option) === "text" ? `${expressionOf(node.option)} | quote` : expressionOf(node.option)} }}`;
    case "text":
      return `"${node.parts.map(renderTextPart).join("")}"`;
    case "item":
      return rows[node.option].schema.items?.type === "string" ? "{{ $item | quote }}" : "{{ $item }}";
    case "when":
    case "each":
    case "merged":
      return undefined;
    default:
      return unreachable(node);
  }
}

function lines(node: Node, indent: number): readonly string[] {
  const pad = " ".repeat(indent);
  const single = inline(node);
  if (single !== undefined) return [pad + single];
  if (typeof node !== "object") return [];
  if (!isHole(node)) {
    return Array.isArray(node)
      ? node.flatMap((entry: Node) => entryLines(entry, indent))
      : Object.entries(node).flatMap(([name, value]) => fieldLines(name, value, indent));
  }
  switch (node.hole) {
    case "option":
      return [`${pad}{{- toYaml ${expressionOf(node.option)} | nindent ${indent} }}`];
    case "merged": {
      const pairs = Object.entries(node.fields).map(
        ([name, value]) => `${JSON.stringify(name)} ${JSON.stringify(value)}`,
      );
      return [`${pad}{{- toYaml (merge (dict ${pairs.join(" ")}) ${expressionOf(node.option)}) | nindent ${indent} }}`];
    }
    default:
      throw new TypeError(`a ${node.hole} stands where neither a field nor an entry is`);
  }
}

/** A field of a mapping. */
export function fieldLines(name: string, value: Node, indent: number): readonly string[] {
  const pad = " ".repeat(indent);
  if (isHole(value) && value.hole === "when") {
    const otherwise = value.otherwise;
    return [
      `${pad}{{- if ${renderTest(value.test)} }}`,
      ...fieldLines(name, value.then, indent),
      ...(otherwise === undefined ? [] : [`${pad}{{- else }}`, ...fieldLines(name, otherwise, indent)]),
      `${pad}{{- end }}`,
    ];
  }
  const single = inline(value);
  if (single !== undefined) return [`${pad}${scalar(name)}: ${single}`];
  return [`${pad}${scalar(name)}:`, ...lines(value, indent + 2)];
}

function entryLines(entry: Node, indent: number): readonly string[] {
  const pad = " ".repeat(indent);
  if (isHole(entry) && entry.hole === "when") {
    const otherwise = entry.otherwise;
    return [
      `${pad}{{- if ${renderTest(entry.test)} }}`,
      ...entryLines(entry.then, indent),
      ...(otherwise === undefined ? [] : [`${pad}{{- else }}`, ...entryLines(otherwise, indent)]),
      `${pad}{{- end }}`,
    ];
  }
  if (isHole(entry) && entry.hole === "each") {
    return [
      `${pad}{{- range $item := ${expressionOf(entry.option)} }}`,
      ...entryLines(entry.node, indent),
      `${pad}{{- end }}`,
    ];
  }
  const [first = "", ...rest] = lines(entry, indent + 2);
  if (first.trimStart().startsWith("{{-")) throw new TypeError("the first field of a list's entry is conditional");
  return [`${pad}- ${first.slice(indent + 2)}`, ...rest];
}

function renderTextPart(part: string | Hole): string {
  if (typeof part === "string") return JSON.stringify(part).slice(1, -1);
  switch (part.hole) {
    case "option":
      return `{{ ${expressionOf(part.option)} }}`;
    case "item":
      return "{{ $item }}";
    case "text":
      return part.parts.map(renderTextPart).join("");
    case "when":
      return `{{ if ${renderTest(part.test)} }}${renderTextPart(asPart(part.then))}{{ else }}${renderTextPart(asPart(part.otherwise ?? ""))}{{ end }}`;
    default:
      throw new TypeError(`a ${part.hole} is no text`);
  }
}

function asPart(node: Node): string | Hole {
  if (typeof node === "string" || isHole(node)) return node;
  throw new TypeError("only text can be a part of text");
}

export function renderTest(test: Test): string {
  switch (test.kind) {
    case "on":
    case "set":
      return expressionOf(test.option);
    case "is":
      return `eq ${expressionOf(test.option)} ${JSON.stringify(test.value)}`;
    case "above":
      return `gt (int ${expressionOf(test.option)}) ${test.bound}`;
    case "not":
      return `not (${renderTest(test.test)})`;
    case "either":
      return `or ${test.tests.map((one) => `(${renderTest(one)})`).join(" ")}`;
    default:
      return unreachable(test);
  }
}

const rows = installOptionRows("");
/** Where Helm has the value of an option. */
export const expressionOf = (option: OptionName): string => rows[option].helmBuiltin ?? `$.Values.${option}`;

function optionType(option: OptionName): "text" | "plain" | "map" {
  const { type } = rows[option].schema;
  return type === "string" ? "text" : type === "array" || type === "object" ? "map" : "plain";
}

/** Text that YAML could take for something else stands in quotation marks. */
function scalar(text: string): string {
  const plain =
    /^[A-Za-z/][\w./ -]*[\w./]$|^[A-Za-z]$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}
