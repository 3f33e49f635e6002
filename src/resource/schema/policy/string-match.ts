import { z } from "zod";
import type { DeepReadonly } from "../../deep-readonly.ts";
import { optional } from "../optional.ts";
import { text } from "../text.ts";

const value = text({ min: 1, max: 1024 }).describe("What to compare with. Regular expressions are in RE2 syntax.");

/** The fields of a comparison with text, for objects that add to it. Spec: StringMatch. */
export const stringMatchFields = {
  type: z.enum(["Exact", "Prefix", "Suffix", "RegularExpression"]).default("Exact").describe("How value is compared."),
  value,
};

/** Spec: StringMatch. */
export const stringMatch = z.object(stringMatchFields);

export type StringMatch = DeepReadonly<z.output<typeof stringMatch>>;

/** A comparison whose result can be turned around, and that can tell clients apart by value. Spec: HeaderMatch, QueryParamMatch. */
export const distinctMatch = z.object({
  type: z
    .enum(["Exact", "RegularExpression", "Distinct"])
    .default("Exact")
    .describe("How value is compared. Distinct: every value counts for itself."),
  name: text({ min: 1, max: 256 }).describe("Name of the header or parameter."),
  value: optional(text({ max: 1024 }), "What to compare with. Not with type Distinct."),
  invert: z.boolean().default(false).describe("Matches what the comparison does not."),
});

/** Spec: PathMatch. */
export const pathMatch = z.object({
  type: z.enum(["Exact", "PathPrefix", "RegularExpression"]).default("PathPrefix").describe("How value is compared."),
  value: text({ max: 1024 }).default("/").describe("Path to compare with."),
  invert: z.boolean().default(false).describe("Matches what the comparison does not."),
});

export const httpMethod = z.enum(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]);
