import type { Counter, Gauge, Telemetry } from "../../telemetry/telemetry.ts";
import type { BreakerLimit } from "./breaker/circuit-breaker.ts";
import type { Standing } from "./endpoint-standing.ts";
import type { EjectionReason } from "./outlier/outlier-record.ts";

/** Where what a policy does with a backend is counted. */
export type TrafficMetrics = {
  readonly endpoints: (standing: Standing) => Gauge;
  readonly ejected: (reason: EjectionReason) => Counter;
  readonly refused: (limit: BreakerLimit) => Counter;
  readonly open: (limit: BreakerLimit) => Gauge;
  readonly checked: (result: "success" | "failure") => Counter;
};

/** The series of one backend. */
export function trafficMetrics(
  telemetry: Telemetry,
  { namespace, name, port }: { readonly namespace: string; readonly name: string; readonly port: number },
): TrafficMetrics {
  const labels = [namespace, name, String(port)] as const;
  return {
    endpoints: (standing) => telemetry.gauge("gateway_upstream_endpoints", ...labels, standing),
    ejected: (reason) => telemetry.counter("gateway_upstream_ejections_total", ...labels, reason),
    refused: (limit) => telemetry.counter("gateway_upstream_overflows_total", ...labels, limit),
    open: (limit) => telemetry.gauge("gateway_upstream_circuit_open", ...labels, limit),
    checked: (result) => telemetry.counter("gateway_upstream_health_checks_total", ...labels, result),
  };
}
