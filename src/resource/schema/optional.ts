import { z } from "zod";

/** A field that may be left out, and what it says, in the words of the documentation. */
export function optional<T extends z.ZodType>(schema: T, words: string) {
  return z.exactOptional(schema).describe(words);
}
