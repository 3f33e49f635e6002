/**
 * Manifests with holes: objects of Kubernetes in which some values, fields, entries or whole objects depend on options.
 * `resolve` fills the holes; `render-chart.ts` writes them as Helm's expressions. So both say the same.
 */
import { unreachable } from "../base/unreachable.ts";
import type { InstallOptions, OptionName } from "./options.ts";

/** A question about options. `set`: text, list or map that is not empty. */
export type Test =
  | { readonly kind: "on"; readonly option: OptionName }
  | { readonly kind: "set"; readonly option: OptionName }
  | { readonly kind: "is"; readonly option: OptionName; readonly value: string }
  | { readonly kind: "above"; readonly option: OptionName; readonly bound: number }
  | { readonly kind: "not"; readonly test: Test }
  | { readonly kind: "either"; readonly tests: readonly [Test, Test] };

export type Hole =
  /** An option's value as it is. */
  | { readonly hole: "option"; readonly option: OptionName }
  /** Text with options in it. */
  | { readonly hole: "text"; readonly parts: readonly (string | Hole)[] }
  /** The field, entry or object is there only if the test holds. */
  | { readonly hole: "when"; readonly test: Test; readonly then: Node; readonly otherwise?: Node }
  /** An option that is a map, with fields that it cannot replace. */
  | {
      readonly hole: "merged";
      readonly option: OptionName;
      readonly fields: Readonly<Record<string, string>>;
    }
  /** In a list: one entry for each of the option's values, which {@link itemOf} stands for. */
  | { readonly hole: "each"; readonly option: OptionName; readonly node: Node }
  | { readonly hole: "item"; readonly option: OptionName };

export type Node = string | number | boolean | Hole | readonly Node[] | { readonly [field: string]: Node };

export const option = (name: OptionName): Hole => ({ hole: "option", option: name });
/** One of the values of the option that an `each` around it goes through. */
export const itemOf = (name: OptionName): Hole => ({ hole: "item", option: name });
export const isOn = (name: OptionName): Test => ({ kind: "on", option: name });
export const isSet = (name: OptionName): Test => ({ kind: "set", option: name });
export const isValue = (name: OptionName, value: string): Test => ({ kind: "is", option: name, value });
export const isAbove = (name: OptionName, bound: number): Test => ({ kind: "above", option: name, bound });
export const not = (test: Test): Test => ({ kind: "not", test });
export const either = (one: Test, other: Test): Test => ({ kind: "either", tests: [one, other] });
export const each = (name: OptionName, node: Node): Hole => ({ hole: "each", option: name, node });

export function when(test: Test, then: Node, otherwise?: Node): Hole {
  return { hole: "when", test, then, ...(otherwise === undefined ? {} : { otherwise }) };
}

/** `` text`${option("a")}:${option("b")}` `` */
export function text(constants: TemplateStringsArray, ...holes: readonly (string | Hole)[]): Hole {
  return { hole: "text", parts: constants.flatMap((constant, index) => [constant, ...holes.slice(index, index + 1)]) };
}

export function isHole(node: Node): node is Hole {
  return typeof node === "object" && Object.hasOwn(node, "hole");
}

/** The node with its holes filled; a list for a document that stands for several; `undefined` when it is not there. */
export function resolve(node: Node, options: InstallOptions): unknown {
  return fill(node, { options, item: undefined });
}

export function holds(test: Test, options: InstallOptions): boolean {
  switch (test.kind) {
    case "on":
      return options[test.option] === true;
    case "set": {
      const value = options[test.option];
      return typeof value === "object" ? Object.keys(value).length > 0 : value !== "" && value !== false;
    }
    case "is":
      return options[test.option] === test.value;
    case "above":
      return Number(options[test.option]) > test.bound;
    case "not":
      return !holds(test.test, options);
    case "either":
      return test.tests.some((one) => holds(one, options));
    default:
      return unreachable(test);
  }
}

type Scope = { readonly options: InstallOptions; readonly item: unknown };

function fill(node: Node, scope: Scope): unknown {
  if (typeof node !== "object") return node;
  if (isHole(node)) return fillHole(node, scope);
  if (Array.isArray(node)) return node.flatMap((entry: Node) => fillEntry(entry, scope));
  const fields = Object.entries(node).map(([name, value]) => [name, fill(value, scope)] as const);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

/** No entry, one, or one for each value. */
function fillEntry(entry: Node, scope: Scope): readonly unknown[] {
  const value = fill(entry, scope);
  if (value === undefined) return [];
  return isHole(entry) && (entry.hole === "each" || entry.hole === "when") && Array.isArray(value) ? value : [value];
}

function fillHole(hole: Hole, scope: Scope): unknown {
  switch (hole.hole) {
    case "option":
      return scope.options[hole.option];
    case "text":
      return hole.parts.map((part) => String(fill(part, scope) ?? "")).join("");
    case "when": {
      const chosen = holds(hole.test, scope.options) ? hole.then : hole.otherwise;
      return chosen === undefined ? undefined : fill(chosen, scope);
    }
    case "each": {
      const values = scope.options[hole.option] as readonly unknown[];
      return values.flatMap((value) => fillEntry(hole.node, { ...scope, item: value }));
    }
    case "merged":
      return { ...(scope.options[hole.option] as object), ...hole.fields };
    case "item":
      return scope.item;
    default:
      return unreachable(hole);
  }
}
