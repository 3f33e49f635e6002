/** Rules between the fields of an object that the API server enforces too: each is one sentence in code and the same in CEL. */
import type { z } from "zod";
import { type Report, rule } from "./rule.ts";

/** Fields of the object that a rule is about. */
type Fields = Readonly<Record<string, unknown>>;

export type AgreedRule = {
  readonly judge: (value: Fields, report: Report) => void;
  /** Spec: ValidationRule of CustomResourceDefinitions. */
  readonly cel: { readonly rule: string; readonly message: string };
};

/** A rule that the API server enforces too, for declarations that have their sentence in code beside it. */
export const cel = (expression: string, message: string) => ({
  "x-kubernetes-validations": [{ rule: expression, message }],
});

/** The declaration with these rules, in our validation and in its CustomResourceDefinition. */
export function withRules<T extends z.ZodType>(schema: T, ...rules: readonly AgreedRule[]): T {
  const judged = schema.check(
    rule((value, report) => {
      for (const { judge } of rules) judge(value as Fields, report);
    }),
  );
  return judged.meta({ "x-kubernetes-validations": rules.map((one) => one.cel) });
}

const present = (value: Fields, fields: readonly string[]) => fields.filter((field) => value[field] !== undefined);
const list = (fields: readonly string[]) => `[${fields.map((field) => `has(self.${field})`).join(", ")}]`;
const names = (fields: readonly string[], word: "and" | "or") =>
  fields.length < 2 ? fields.join("") : `${fields.slice(0, -1).join(", ")} ${word} ${fields.at(-1)}`;

/** One of the fields and no more. */
export function exactlyOne(...fields: readonly string[]): AgreedRule {
  return {
    judge: (value, report) => {
      const set = present(value, fields);
      if (set.length === 0) report([], `has none of ${names(fields, "or")}`, `Add ${names(fields, "or")}.`);
      reportMany(set, report);
    },
    cel: { rule: `${list(fields)}.exists_one(x, x)`, message: `exactly one of ${names(fields, "and")} must be set` },
  };
}

/** One of the fields, or none. */
export function atMostOne(...fields: readonly string[]): AgreedRule {
  return {
    judge: (value, report) => reportMany(present(value, fields), report),
    cel: {
      rule: `${list(fields)}.filter(x, x).size() <= 1`,
      message: `at most one of ${names(fields, "and")} may be set`,
    },
  };
}

/** One of the fields, or several. */
export function atLeastOne(...fields: readonly string[]): AgreedRule {
  return {
    judge: (value, report) => {
      if (present(value, fields).length === 0)
        report([], `has none of ${names(fields, "or")}`, `Add ${names(fields, "or")}.`);
    },
    cel: { rule: `${list(fields)}.exists(x, x)`, message: `at least one of ${names(fields, "and")} must be set` },
  };
}

function reportMany(set: readonly string[], report: Report): void {
  const [first, ...others] = set;
  for (const other of others) report([other], `is set, and so is ${first}`, "Remove one of the two.");
}

/**
 * Each field stands with its value of `by` alone. `required`: with that value it must stand. `by` must have a value, or a
 * default.
 */
export function fieldOfType(
  by: string,
  fields: Readonly<Record<string, string>>,
  presence: "required" | "optional" = "required",
): AgreedRule {
  const rows = Object.entries(fields);
  const terms = rows.map(([type, field]) =>
    presence === "required"
      ? `(self.${by} == '${type}') == has(self.${field})`
      : `(!has(self.${field}) || self.${by} == '${type}')`,
  );
  return {
    judge: (value, report) => {
      for (const [type, field] of rows) {
        const isSet = value[field] !== undefined;
        if (presence === "required" && value[by] === type && !isSet)
          report([field], `is missing, but ${by} is ${type}`, `Add ${field}, or write another ${by}.`);
        if (value[by] !== type && isSet)
          report([field], `is set, but ${by} is ${String(value[by])}`, `Write \`${by}: ${type}\`, or remove ${field}.`);
      }
    },
    cel: {
      rule: terms.join(" && "),
      message: `${names([...new Set(Object.values(fields))], "and")} must fit ${by}`,
    },
  };
}

/** Where `field` is true, none of the others may stand. */
export function excludes(field: string, ...others: readonly string[]): AgreedRule {
  return {
    judge: (value, report) => {
      if (value[field] !== true) return;
      for (const other of present(value, others))
        report([other], `is set, but ${field} is true`, `Remove ${other}, or write \`${field}: false\`.`);
    },
    cel: {
      rule: `!has(self.${field}) || !self.${field} || (${others.map((other) => `!has(self.${other})`).join(" && ")})`,
      message: `${names(others, "and")} must not be set where ${field} is true`,
    },
  };
}
