import { durationMs } from "../../base/duration.ts";
import { grpcStatusNames } from "../../base/grpc-status-names.ts";
import type { Filter } from "../../ir/filter.ts";
import type { Resource } from "../../resource/kinds.ts";

type AdmissionControl = NonNullable<Resource<"BackendTrafficPolicy">["spec"]["admissionControl"]>;

/** Envoy Gateway's. Milliseconds. */
const defaultWindowMs = 30_000;
/** A shorter window would have no request in it. Milliseconds. */
const leastWindowMs = 1_000;

/** Compiles `BackendTrafficPolicy.spec.admissionControl`, with its defaults. */
export function compileAdmissionControl(control: AdmissionControl): readonly Filter[] {
  const { http, grpc } = control.successCriteria ?? {};
  return [
    {
      kind: "admissionControl",
      windowMs: Math.max(leastWindowMs, durationMs(control.samplingWindow ?? "") ?? defaultWindowMs),
      // A success is never worth more than a request, and never nothing.
      minSuccessPercent: Math.max(1, control.minSuccessRate ?? 95),
      aggression: control.rejectionAggression ?? 1,
      minRequestRate: control.minRequestRate ?? 0,
      maxRefusalPercent: control.maxRejectionPercent ?? 80,
      successStatuses: http?.statusCodes ?? [],
      successGrpcCodes: (grpc?.statusCodes ?? ["Ok"]).map((name) => grpcStatusNames.indexOf(name)),
    },
  ];
}
