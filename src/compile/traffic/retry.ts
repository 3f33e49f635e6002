import { durationMs } from "../../base/duration.ts";
import type { Retry } from "../../ir/routing-model.ts";
import type { RetriedFailure } from "../../ir/traffic/retry-triggers.ts";
import type { BackendSettings } from "./backend-settings.ts";

type ApiRetry = NonNullable<BackendSettings["retry"]>;
type Trigger = NonNullable<NonNullable<ApiRetry["retryOn"]>["triggers"]>[number];

/** What a trigger stands for. */
type Meaning = {
  readonly failures: readonly RetriedFailure[];
  readonly codes: readonly number[];
  readonly grpcCodes: readonly number[];
};

const allFailures: readonly RetriedFailure[] = [
  "connect",
  "connectTimeout",
  "resetBeforeRequest",
  "reset",
  "refusedStream",
  "timeout",
  "invalidAnswer",
];
const serverErrors = Array.from({ length: 100 }, (_, index) => 500 + index);

/** Envoy's retry_on and retry_grpc_on. */
const meanings: Readonly<Record<Trigger, Meaning>> = {
  "5xx": { failures: allFailures, codes: serverErrors, grpcCodes: [] },
  "gateway-error": { failures: allFailures, codes: [502, 503, 504], grpcCodes: [] },
  reset: { failures: allFailures, codes: [], grpcCodes: [] },
  "reset-before-request": { failures: ["connect", "connectTimeout", "resetBeforeRequest"], codes: [], grpcCodes: [] },
  "connect-failure": { failures: ["connect", "connectTimeout"], codes: [], grpcCodes: [] },
  "retriable-4xx": { failures: [], codes: [409], grpcCodes: [] },
  "refused-stream": { failures: ["refusedStream"], codes: [], grpcCodes: [] },
  // The codes are written beside it.
  "retriable-status-codes": { failures: [], codes: [], grpcCodes: [] },
  cancelled: { failures: [], codes: [], grpcCodes: [1] },
  "deadline-exceeded": { failures: [], codes: [], grpcCodes: [4] },
  internal: { failures: [], codes: [], grpcCodes: [13] },
  "resource-exhausted": { failures: [], codes: [], grpcCodes: [8] },
  unavailable: { failures: [], codes: [], grpcCodes: [14] },
};

/** Envoy Gateway's, for a policy that says nothing of it. */
const defaultTriggers: readonly Trigger[] = [
  "connect-failure",
  "refused-stream",
  "unavailable",
  "cancelled",
  "retriable-status-codes",
];
const defaultCodes: readonly number[] = [503];
const defaultBackoffMs = 25;

/** Spec: BackendTrafficPolicy.retry. `undefined`: nothing is retried. */
export function compilePolicyRetry({ numRetries = 2, retryOn, perRetry }: ApiRetry): Retry | undefined {
  if (numRetries === 0) return undefined;
  const triggers = retryOn?.triggers ?? (retryOn?.httpStatusCodes === undefined ? defaultTriggers : []);
  const written = retryOn?.httpStatusCodes ?? (retryOn?.triggers === undefined ? defaultCodes : []);
  // Codes without triggers are meant to be retried.
  const counts = triggers.length === 0 || triggers.includes("retriable-status-codes");
  const meant = triggers.map((trigger) => meanings[trigger]);
  const backoffMs = durationMs(perRetry?.backOff?.baseInterval ?? "") ?? defaultBackoffMs;
  return {
    attempts: numRetries,
    codes: sorted([...meant.flatMap(({ codes }) => codes), ...(counts ? written : [])]),
    backoffMs,
    triggers: {
      failures: allFailures.filter((failure) => meant.some(({ failures }) => failures.includes(failure))),
      grpcCodes: sorted(meant.flatMap(({ grpcCodes }) => grpcCodes)),
      repeats: "any",
      withinMs: 0,
      maxBackoffMs: durationMs(perRetry?.backOff?.maxInterval ?? "") ?? backoffMs * 10,
    },
  };
}

function sorted(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
