import { durationMs } from "../../base/duration.ts";
import type { FeatureScope } from "../../compile/policy/feature-scope.ts";
import type { Filter } from "../../ir/filter.ts";
import type { Resource } from "../../resource/kinds.ts";

type FaultPolicy = NonNullable<Resource<"BackendTrafficPolicy">["spec"]["faultInjection"]>;

/** Longest delay that a timer can hold, 24.8 days. Milliseconds. */
const longestDelayMs = 2 ** 31 - 1;

/** Compiles `BackendTrafficPolicy.spec.faultInjection`. Spec: FaultInjection of Envoy Gateway. */
export function compileFaultPolicy({ delay, abort }: FaultPolicy, scope: FeatureScope): readonly Filter[] {
  const isStatus = abort?.httpStatus === undefined || abort.httpStatus <= 599;
  if (!isStatus)
    scope.report("policy-value-unusable", "/abort/httpStatus", {
      message: `httpStatus is ${abort?.httpStatus}, which is no status; no request is aborted.`,
      fix: "Write a status from 200 to 599.",
    });
  const ms = delay === undefined ? undefined : durationMs(delay.fixedDelay);
  return [
    {
      kind: "faultInjection",
      ...(ms === undefined || delay === undefined
        ? {}
        : { delay: { ms: Math.min(ms, longestDelayMs), percent: delay.percentage } }),
      ...(abort === undefined || !isStatus
        ? {}
        : {
            abort: {
              ...(abort.httpStatus === undefined ? {} : { httpStatus: abort.httpStatus }),
              ...(abort.grpcStatus === undefined ? {} : { grpcStatus: abort.grpcStatus }),
              percent: abort.percentage,
            },
          }),
    },
  ];
}
