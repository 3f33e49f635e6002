import { durationMs } from "../../base/duration.ts";
import type { RetryBudget, SessionPersistence } from "../../ir/traffic-settings.ts";
import type { Resource } from "../../resource/kinds.ts";
import { compileSessionPersistence } from "../backend/session-persistence.ts";
import type { BackendKey, CompileContext } from "../contract.ts";
import { findWinner } from "./claim-targets.ts";

type BackendTrafficPolicy = Resource<"XBackendTrafficPolicy">;

/** What an XBackendTrafficPolicy adds to a cluster. */
export type BackendTraffic = {
  readonly retryBudget?: RetryBudget;
  readonly sessionPersistence?: SessionPersistence;
};

/** What the XBackendTrafficPolicy in force for a Service or XBackend says; empty when there is none. */
export function findBackendTraffic(
  context: CompileContext,
  target: { readonly group: string; readonly kind: string; readonly namespace: string; readonly name: string },
): BackendTraffic {
  const policy = findWinner(context.snapshot, "XBackendTrafficPolicy", target);
  if (policy === undefined) return {};
  const { retryConstraint, sessionPersistence } = policy.spec;
  const owner: BackendKey = `${target.kind}/${target.namespace}/${target.name}`;
  return {
    ...(retryConstraint === undefined ? {} : { retryBudget: compileRetryBudget(retryConstraint) }),
    ...(sessionPersistence === undefined
      ? {}
      : { sessionPersistence: compileSessionPersistence(sessionPersistence, owner) }),
  };
}

/** Defaults: 20 % in 10 s, and 10 retries a second in any case. Spec: RetryConstraint (GEP-3388). */
function compileRetryBudget(constraint: NonNullable<BackendTrafficPolicy["spec"]["retryConstraint"]>): RetryBudget {
  const { budget, minRetryRate } = constraint;
  return {
    percent: budget?.percent ?? 20,
    intervalMs: durationMs(budget?.interval ?? "10s") ?? 10_000,
    minCount: minRetryRate?.count ?? 10,
    minIntervalMs: durationMs(minRetryRate?.interval ?? "1s") ?? 1000,
  };
}
