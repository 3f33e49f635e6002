import { z } from "zod";
import { listOf } from "../list.ts";
import { optional } from "../optional.ts";
import { duration } from "../text.ts";
import { httpStatus } from "./sizes.ts";

export const retryTriggers = [
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "retriable-4xx",
  "refused-stream",
  "retriable-status-codes",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
] as const;

/** Spec: Retry. */
export const retry = z.object({
  numRetries: z.int32().min(0).default(2).describe("Attempts after the first."),
  numAttemptsPerPriority: optional(
    z.int32().min(1),
    "Attempts with backends of one priority before fallback backends get one.",
  ),
  retryOn: optional(
    z.object({
      triggers: optional(listOf(z.enum(retryTriggers), { max: 16 }), "Failures that are retried."),
      httpStatusCodes: optional(
        listOf(httpStatus, { max: 64 }),
        "Statuses that are retried, with the trigger retriable-status-codes.",
      ),
    }),
    "What is retried. Default: failures to connect, refused streams, 503, and the gRPC codes cancelled and unavailable.",
  ),
  perRetry: optional(
    z.object({
      timeout: optional(duration, "Time that one attempt may take."),
      backOff: optional(
        z.object({
          baseInterval: optional(duration, "Time before the first retry, which doubles with each. Default: 25ms."),
          maxInterval: optional(duration, "Longest time before a retry. Default: ten times baseInterval."),
        }),
        "Time between attempts.",
      ),
    }),
    "Each attempt.",
  ),
});
