import type { Counter } from "../../telemetry/telemetry.ts";
import type { FilterServices } from "../contract/build.ts";

/** Requests that a limit was about, by what became of them. */
export type LimitCounters = {
  readonly admitted: Counter;
  readonly limited: Counter;
  /** Admitted only because the rule is in shadow mode. */
  readonly shadow: Counter;
  /** Nobody could be asked who counts. */
  readonly failed: Counter;
};

/** `limiter`: who counts. */
export function makeLimitCounters(
  limiter: "local" | "service" | "redis" | "concurrency",
  services: FilterServices,
): LimitCounters {
  const { from, telemetry } = services;
  const counter = (result: string): Counter =>
    telemetry.counter("gateway_rate_limited_requests_total", from.kind, from.namespace, from.name, limiter, result);
  return {
    admitted: counter("admitted"),
    limited: counter("limited"),
    shadow: counter("shadow"),
    failed: counter("failed"),
  };
}
