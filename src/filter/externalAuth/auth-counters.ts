import type { Counter } from "../../telemetry/telemetry.ts";
import type { FilterServices } from "../contract/build.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";

/** Requests by what came of asking an authorisation server; `cached`: what was remembered was enough for them. */
export type AuthCounters = {
  readonly admitted: Counter;
  readonly denied: Counter;
  readonly failed: Counter;
  readonly cached: Counter;
};

/** `server`: the one that gives them its name; `undefined`: nobody can be asked. */
export function authCounters({ from, telemetry }: FilterServices, server: UpstreamCluster | undefined): AuthCounters {
  const counter = (result: string): Counter =>
    telemetry.counter(
      "gateway_external_auth_requests_total",
      from.kind,
      from.namespace,
      from.name,
      server?.cluster.name ?? "",
      result,
    );
  return {
    admitted: counter("allowed"),
    denied: counter("denied"),
    failed: counter("failed"),
    cached: counter("cached"),
  };
}
