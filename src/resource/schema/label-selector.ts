import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { listOf } from "./list.ts";
import { optional } from "./optional.ts";

/** The fields of a LabelSelector, for objects that add to it. */
export const labelSelectorFields = {
  matchLabels: optional(z.record(z.string(), z.string()), "Labels with the value that each must have."),
  matchExpressions: optional(
    listOf(
      z.object({
        key: z.string().describe("The label."),
        operator: z.string().describe("In, NotIn, Exists or DoesNotExist."),
        values: optional(listOf(z.string()), "Values, with In and NotIn."),
      }),
    ),
    "Conditions on labels.",
  ),
};

/** Spec: metav1.LabelSelector. All parts must hold; an empty selector selects everything. */
export const labelSelector = z.object(labelSelectorFields);

export type LabelSelector = DeepReadonly<z.output<typeof labelSelector>>;
