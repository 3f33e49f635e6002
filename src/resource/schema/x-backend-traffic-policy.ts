import { z } from "zod";
import { durationMs } from "../../base/duration.ts";
import type { DeepReadonly } from "../deep-readonly.ts";
import { mapBy } from "./list.ts";
import { localPolicyTargetReference } from "./object-reference.ts";
import { rule } from "./rule.ts";
import { sessionPersistence } from "./session-persistence.ts";
import { duration } from "./text.ts";

/** A duration from `least` to `most`. */
function durationWithin(least: string, most: string) {
  return duration.check(
    rule((value, report) => {
      const ms = durationMs(value) ?? 0;
      if (ms < (durationMs(least) ?? 0) || ms > (durationMs(most) ?? 0)) {
        report([], `is ${value}, outside of ${least} to ${most}`, `Write a duration from ${least} to ${most}.`);
      }
    }),
  );
}

/** Spec: RetryConstraint (GEP-3388). */
const retryConstraint = z.object({
  budget: z
    .object({ percent: z.int().min(0).max(100).default(20), interval: durationWithin("1s", "1h").default("10s") })
    .default({ percent: 20, interval: "10s" }),
  minRetryRate: z
    .object({
      count: z.exactOptional(z.int().min(1).max(1_000_000)),
      interval: z.exactOptional(durationWithin("1ms", "1h")),
    })
    .default({ count: 10, interval: "1s" }),
});

/** Spec: BackendTrafficPolicySpec of the experimental XBackendTrafficPolicy. */
export const xBackendTrafficPolicySpec = z.object({
  targetRefs: mapBy(localPolicyTargetReference, ["group", "kind", "name"], { min: 1, max: 16 }),
  retryConstraint: z.exactOptional(retryConstraint),
  sessionPersistence: z.exactOptional(sessionPersistence),
});

export type XBackendTrafficPolicySpec = DeepReadonly<z.output<typeof xBackendTrafficPolicySpec>>;
