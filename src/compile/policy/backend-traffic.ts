import { durationMs } from "../../base/duration.ts";
import type { RetryBudget, SessionPersistence } from "../../ir/cluster.ts";
import type { Resource } from "../../resource/kinds.ts";
import { compileSessionPersistence } from "../backend/session-persistence.ts";
import type { BackendKey, CompileContext } from "../contract.ts";
import { claimTargets, findWinner, indexByTarget, type TargetClaim, targetKey } from "./claim-targets.ts";

export type BackendTrafficPolicy = Resource<"XBackendTrafficPolicy">;

/** What an XBackendTrafficPolicy adds to a cluster. */
export type BackendTraffic = {
  readonly retryBudget?: RetryBudget;
  readonly sessionPersistence?: SessionPersistence;
};

const byTarget = indexByTarget("XBackendTrafficPolicy");

/** What each XBackendTrafficPolicy claims. */
export function backendTrafficClaims(context: CompileContext): readonly TargetClaim<BackendTrafficPolicy>[] {
  return claimTargets(context.snapshot.list("XBackendTrafficPolicy"));
}

/** What the XBackendTrafficPolicy in force for a Service or XBackend says; empty when there is none. */
export function findBackendTraffic(
  context: CompileContext,
  target: { readonly group: string; readonly kind: string; readonly namespace: string; readonly name: string },
): BackendTraffic {
  const policy = findWinner(context.snapshot, byTarget, targetKey(target, target.namespace));
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
