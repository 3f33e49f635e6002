import { z } from "zod";

/** The fields of a kind that has a spec and nothing else of its own. */
export function withSpec<T extends z.ZodType>(spec: T) {
  return z.object({ spec });
}

/** Declares the fields of a kind beside `apiVersion`, `kind`, `metadata` and `status`. */
export type FieldsSchema = z.ZodObject;
