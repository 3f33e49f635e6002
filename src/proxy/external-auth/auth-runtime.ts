import type { Filter, PlacedFilter } from "../../ir/filter.ts";
import type { Counter } from "../../telemetry/telemetry.ts";
import type { ClusterRuntime } from "../cluster-runtime.ts";
import type { PlaneContext } from "../plane-context.ts";

export type ExternalAuth = Extract<Filter, { kind: "externalAuth" }>;

/** An ExternalAuth filter as requests meet it. */
export type ExternalAuthRuntime = {
  readonly filter: ExternalAuth;
  /** `undefined`: the reference does not resolve, and every request is refused. */
  readonly cluster: ClusterRuntime | undefined;
  readonly allowed: Counter;
  readonly denied: Counter;
  readonly failed: Counter;
};

/** Builds the runtime of one filter. `clusters` holds every cluster that the model names. */
export function buildExternalAuth(
  { from, filter }: PlacedFilter & { readonly filter: ExternalAuth },
  clusters: { get(key: string): ClusterRuntime | undefined },
  { telemetry }: PlaneContext,
): ExternalAuthRuntime {
  const cluster = filter.cluster === undefined ? undefined : clusters.get(filter.cluster);
  const counter = (result: string): Counter =>
    telemetry.counter(
      "gateway_external_auth_requests_total",
      from.kind,
      from.namespace,
      from.name,
      cluster?.cluster.name ?? "",
      result,
    );
  return { filter, cluster, allowed: counter("allowed"), denied: counter("denied"), failed: counter("failed") };
}
