import type { PolicyTargets } from "../resource/schema/policy/policy-targets.ts";
import { type CompleteTable, served } from "./field-service.ts";

/** What every policy says of where it applies. */
export const targetFields = {
  targetRef: ["attachment", served],
  targetRefs: ["attachment", served],
  targetSelectors: ["attachment", served],
} satisfies CompleteTable<PolicyTargets>;
