import type { Retries, RetryCondition } from "../../../ingress/feature/retries.ts";
import { type ConvertFeature, nothingConverted } from "../convert-feature.ts";
import { durationOf } from "../duration.ts";

/**
 * Policies cannot tell methods apart, and what is repeated must not be done twice. So a failed connection is always followed by another
 * attempt, and anything that happens later only where the Ingress lets requests such as POST be repeated, too.
 */
export const convertRetries: ConvertFeature<Retries> = ({ on, nonIdempotent, tries, timeoutSeconds }, scope) => {
  // Sluice tries another endpoint by itself when a connection fails.
  const usual = tries === 3 && timeoutSeconds === 0 && !nonIdempotent && on.join() === "error,timeout";
  if (usual && scope.policies !== "envoy-gateway") return nothingConverted;
  if (on.length === 0 || tries === 1) return { ...nothingConverted, trafficPolicy: { retry: { numRetries: 0 } } };
  const later = on.flatMap((condition) => statusOf(condition) ?? []);
  const repeats = nonIdempotent ? later : [];
  if (!nonIdempotent && later.length > 0) {
    scope.report("convert-differs", "proxy-next-upstream", {
      message: `Answers with ${later.join(", ")} are not followed by another attempt: a policy would repeat requests such as POST, too.`,
      fix: "Add retry to the rules of paths that are only read, or non_idempotent to the annotation.",
    });
  }
  if (timeoutSeconds > 0) {
    scope.report("convert-differs", "proxy-next-upstream-timeout", {
      message: `That no attempt begins later than ${durationOf(timeoutSeconds)} after the first is not converted; the number of attempts is.`,
      fix: "Nothing, or set timeouts.request of the rule.",
    });
  }
  const numRetries = tries === 0 ? mostRetries : tries - 1;
  const triggers = [
    "connect-failure",
    "refused-stream",
    ...(nonIdempotent ? ["reset"] : []),
    ...(repeats.length === 0 ? [] : ["retriable-status-codes"]),
  ];
  return {
    ...nothingConverted,
    trafficPolicy: {
      retry: { numRetries, retryOn: { triggers, ...(repeats.length === 0 ? {} : { httpStatusCodes: repeats }) } },
    },
  };
};

/** nginx goes on without end where it may try as often as it wants. */
const mostRetries = 31;

function statusOf(condition: RetryCondition): number | undefined {
  const [, status] = /^http_(\d+)$/.exec(condition) ?? [];
  return status === undefined ? undefined : Number(status);
}
