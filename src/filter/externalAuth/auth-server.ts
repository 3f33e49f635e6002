import type { Counter } from "../../telemetry/telemetry.ts";
import type { FilterOfKind, FilterServices } from "../contract/build.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";

export type ExternalAuth = FilterOfKind<"externalAuth">;

/** An authorisation server as one filter asks it. */
export type AuthServer = {
  readonly filter: ExternalAuth;
  readonly services: FilterServices;
  /** `undefined`: the reference does not resolve, and every request is refused. */
  readonly cluster: UpstreamCluster | undefined;
  /** Questions by their outcome. */
  readonly counters: { readonly admitted: Counter; readonly denied: Counter; readonly failed: Counter };
};

export function makeAuthServer(filter: ExternalAuth, services: FilterServices): AuthServer {
  const { from, telemetry } = services;
  const cluster = filter.cluster === undefined ? undefined : services.cluster(filter.cluster);
  const counter = (result: string): Counter =>
    telemetry.counter(
      "gateway_external_auth_requests_total",
      from.kind,
      from.namespace,
      from.name,
      cluster?.cluster.name ?? "",
      result,
    );
  return {
    filter,
    services,
    cluster,
    counters: { admitted: counter("allowed"), denied: counter("denied"), failed: counter("failed") },
  };
}
