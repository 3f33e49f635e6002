import type { z } from "zod";
import { nearestName } from "../../base/nearest-name.ts";
import { mayBeSecret } from "../secret-fields.ts";
import { quote } from "./text.ts";

/** One broken rule. `message` reads on after the field's name: "is missing", "must be one of …". */
export type Problem = {
  readonly kind: "missing" | "invalid" | "rule";
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly fix: string;
};

export type Parsed<T> = { readonly value: T } | { readonly problems: readonly Problem[] };

/** Problems beyond this number of one object are left out: they have one cause, and reports stay bounded. */
const problemLimit = 20;

export type ParseOptions = {
  /** Whether messages may show what was written: never for Secrets. */
  readonly values: "shown" | "hidden";
};

/** Checks a value (without nulls) against a declaration and applies its defaults. Never throws. */
export function parseFields<T extends z.ZodType>(
  schema: T,
  value: unknown,
  options: ParseOptions,
): Parsed<z.output<T>> {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  const problems = result.error.issues
    .slice(0, problemLimit)
    .map((issue) => problemInRightType(schema, issue, value, options) ?? problemOf(issue, value, options));
  // A number that is no int32 is above the port range too: one sentence about one value is enough.
  const isFirst = (problem: Problem, index: number) =>
    problem.kind === "rule" || problems.findIndex((other) => pathText(other) === pathText(problem)) === index;
  return { problems: problems.filter(isFirst) };
}

function problemOf(issue: z.core.$ZodIssue, root: unknown, options: ParseOptions): Problem {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  const value = valueAt(root, path);
  const shown = options.values === "shown" && !mayBeSecret(path);
  const words = shown ? valueWords(value) : hiddenWords(value);
  const invalid = (message: string, fix: string): Problem => ({ kind: "invalid", path, message, fix });
  switch (issue.code) {
    case "custom": {
      // Rules speak of values in words of their own.
      if (options.values === "hidden") return invalid("has a value that is not allowed", "Correct it.");
      const { fix = "Correct it.", kind = "rule" } = (issue.params ?? {}) as Partial<Problem>;
      return { kind, path, message: issue.message, fix };
    }
    case "invalid_type":
      if (value === undefined)
        return { kind: "missing", path, message: "is missing", fix: `Add ${String(path.at(-1) ?? "it")}.` };
      return invalid(
        `must be ${typeWords(issue.expected)}, but it is ${isForeignText(issue.expected, value) ? "text" : words}`,
        shown ? typeFix(issue.expected, value) : hiddenFix(issue.expected, value),
      );
    case "invalid_value": {
      if (value === undefined) {
        const one = issue.values.map(String).join(", ");
        return {
          kind: "missing",
          path,
          message: "is missing",
          fix: `Add ${String(path.at(-1) ?? "it")} with one of ${one}.`,
        };
      }
      const near = typeof value === "string" ? nearestName(value, issue.values.map(String)) : undefined;
      const list = issue.values.map(String).join(", ");
      return invalid(
        `must be one of ${list}, but it is ${words}`,
        near === undefined ? `Write one of ${list}.` : `Write \`${near}\`.`,
      );
    }
    case "too_small":
      return issue.origin === "array"
        ? invalid(
            `must have at least ${issue.minimum} ${plural(Number(issue.minimum), "entry", "entries")}`,
            "Add one, or remove the field.",
          )
        : invalid(`must be at least ${issue.minimum}, but it is ${words}`, `Write a number from ${issue.minimum}.`);
    case "too_big":
      return issue.origin === "array"
        ? invalid(
            `has ${Array.isArray(value) ? value.length : "too many"} entries, more than the ${issue.maximum} allowed`,
            `Keep at most ${issue.maximum} entries.`,
          )
        : invalid(`must be at most ${issue.maximum}, but it is ${words}`, `Write a number up to ${issue.maximum}.`);
    case "invalid_union":
      return invalid(`has a value of the wrong type: ${words}`, "Write a port number from 1 to 65535, or a port name.");
    default:
      return invalid(`has a value that is not allowed: ${words}`, "Correct the value.");
  }
}

/**
 * The problem of a value of the wrong type that would be wrong in the right type too: `request: 30` lacks its unit, and
 * quotation marks alone would only lead to the next finding. `undefined`: the type is all that is wrong with it.
 */
function problemInRightType(
  schema: z.ZodType,
  issue: z.core.$ZodIssue,
  root: unknown,
  options: ParseOptions,
): Problem | undefined {
  if (issue.code !== "invalid_type" || options.values === "hidden") return undefined;
  const path = issue.path as (string | number)[];
  const meant = inType(issue.expected, valueAt(root, path));
  if (meant === undefined) return undefined;
  const changed = withValue(root, path, meant);
  const next = schema.safeParse(changed).error?.issues.find((one) => one.path.join("\0") === path.join("\0"));
  return next && { ...problemOf(issue, root, options), fix: problemOf(next, changed, options).fix };
}

/** The value as it would be written in another type; `undefined` when it cannot be. */
function inType(expected: string, value: unknown): string | number | boolean | undefined {
  if (expected === "string") return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
  if (typeof value !== "string") return undefined;
  if (expected === "number" || expected === "int") return /^\d{1,10}$/.test(value) ? Number(value) : undefined;
  return expected === "boolean" && (value === "true" || value === "false") ? value === "true" : undefined;
}

/** Text where no text belongs, and that does not read as what does: it may have been meant for any other field, be it a secret one. */
function isForeignText(expected: string, value: unknown): boolean {
  return typeof value === "string" && expected !== "string" && inType(expected, value) === undefined;
}

function withValue(root: unknown, [head, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (head === undefined) return value;
  const inner = withValue((root as Record<string | number, unknown>)[head], rest, value);
  return Array.isArray(root) ? root.with(head as number, inner) : { ...(root as object), [head]: inner };
}

const pathText = (problem: Problem): string => JSON.stringify(problem.path);

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

function typeWords(expected: string): string {
  switch (expected) {
    case "int":
    case "number":
      return "a whole number";
    case "string":
      return "text";
    case "boolean":
      return "true or false";
    case "array":
      return "a list";
    case "object":
    case "record":
      return "a mapping of fields";
    default:
      return expected;
  }
}

function valueWords(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
    case "boolean":
      return String(value);
    default:
      return "a mapping of fields";
  }
}

/** The value's type alone. */
function hiddenWords(value: unknown): string {
  switch (typeof value) {
    case "string":
      return "something else";
    case "number":
      return "a number";
    default:
      return valueWords(value);
  }
}

function hiddenFix(expected: string, value: unknown): string {
  const isPlain = typeof value === "number" || typeof value === "boolean";
  return expected === "string" && isPlain ? "Put it in quotation marks." : `Write ${typeWords(expected)}.`;
}

function typeFix(expected: string, value: unknown): string {
  const meant = inType(expected, value);
  if (typeof meant === "string") return `Put it in quotation marks: "${meant}".`;
  if (meant !== undefined) return `Write ${meant} without quotation marks.`;
  if (expected === "array") return "Write it as a list: put `- ` in front.";
  if (Array.isArray(value)) return "Write one value instead of a list.";
  return `Write ${typeWords(expected)}.`;
}

function plural(count: number, one: string, many: string): string {
  return count === 1 ? one : many;
}
