import type { RetryCondition } from "../../../ingress/feature/retries.ts";
import type { LocationSettings } from "../../../ingress/features.ts";
import type { RetriedFailure } from "../../../ir/traffic/retry-triggers.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

/** Attempts where an Ingress sets no limit. */
const maxTries = 32;

type Meaning = { readonly failures: readonly RetriedFailure[]; readonly codes: readonly number[] };

const status = (code: number): Meaning => ({ failures: [], codes: [code] });

/** nginx's proxy_next_upstream. */
const meanings: Readonly<Record<RetryCondition, Meaning>> = {
  error: { failures: ["connect", "resetBeforeRequest", "reset", "refusedStream"], codes: [] },
  timeout: { failures: ["connectTimeout", "timeout"], codes: [] },
  invalid_header: { failures: ["invalidAnswer"], codes: [] },
  http_403: status(403),
  http_404: status(404),
  http_429: status(429),
  http_500: status(500),
  http_502: status(502),
  http_503: status(503),
  http_504: status(504),
};

export const serveRetries: ServeFeature<LocationSettings["retries"]> = (setting) => {
  const { on, nonIdempotent, tries, timeoutSeconds } = setting;
  const attempts = (tries === 0 ? maxTries : tries) - 1;
  if (on.length === 0 || attempts === 0) return nothingServed;
  const meant = on.map((condition) => meanings[condition]);
  return {
    ...nothingServed,
    rule: {
      retry: {
        attempts,
        codes: meant.flatMap(({ codes }) => codes),
        backoffMs: 0,
        triggers: {
          failures: meant.flatMap(({ failures }) => failures),
          grpcCodes: [],
          repeats: nonIdempotent ? "any" : "idempotent",
          withinMs: timeoutSeconds * 1_000,
          maxBackoffMs: 0,
        },
      },
    },
  };
};
