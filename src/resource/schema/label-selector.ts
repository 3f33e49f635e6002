import { z } from "zod";
import type { DeepReadonly } from "../deep-readonly.ts";
import { listOf } from "./list.ts";

/** Spec: metav1.LabelSelector. All parts must hold; an empty selector selects everything. */
export const labelSelector = z.object({
  matchLabels: z.exactOptional(z.record(z.string(), z.string())),
  matchExpressions: z.exactOptional(
    listOf(z.object({ key: z.string(), operator: z.string(), values: z.exactOptional(listOf(z.string())) })),
  ),
});

export type LabelSelector = DeepReadonly<z.output<typeof labelSelector>>;
