/** Text that stands in an object, or in one that it refers to. */
import { z } from "zod";
import { fieldOfType, withRules } from "../agreed-rules.ts";
import { localObjectReference } from "../object-reference.ts";
import { optional } from "../optional.ts";
import { text } from "../text.ts";

/** A value of at most `max` characters, or a reference to what holds it, described by `where`. */
export function localValue(max: number, where: string) {
  return withRules(
    z.object({
      type: z.enum(["Inline", "ValueRef"]).default("Inline").describe("Where the value stands."),
      inline: optional(text({ max }), "The value itself, with type Inline."),
      valueRef: optional(localObjectReference, where),
    }),
    fieldOfType("type", { Inline: "inline", ValueRef: "valueRef" }),
  );
}

/** The body of an answer of the gateway's own. Spec: CustomResponseBody. */
export const responseBody = localValue(4096, "ConfigMap in the same namespace with the value under response.body.");
