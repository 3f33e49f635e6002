import { z } from "zod";
import { cel } from "./agreed-rules.ts";
import { rule } from "./rule.ts";

/** `numerator` of `denominator` (100 unless written). Spec: Fraction. */
export const fraction = z
  .object({
    numerator: z.int32().min(0).describe("How many."),
    denominator: z.int32().min(1).default(100).describe("Of how many."),
  })
  .check(
    rule((value, report) => {
      if (value.numerator > value.denominator) {
        report(
          ["numerator"],
          `is ${value.numerator}, more than the denominator, ${value.denominator}`,
          `Write at most ${value.denominator}, or raise denominator.`,
        );
      }
    }),
  )
  .meta(cel("self.numerator <= self.denominator", "numerator must not be above denominator"));
