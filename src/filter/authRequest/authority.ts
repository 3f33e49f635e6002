import type { Counter } from "../../telemetry/telemetry.ts";
import type { FilterOfKind, FilterServices } from "../contract/build.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";
import type { RememberedAnswers } from "./remembered-answers.ts";

/** An authorisation server as one filter asks it. */
export type Authority = {
  readonly filter: FilterOfKind<"authRequest">;
  readonly services: FilterServices;
  /** `undefined`: nobody can be asked. */
  readonly server: UpstreamCluster | undefined;
  /** Lower-case names of the client's headers that are not sent, or not as they are. */
  readonly withheld: ReadonlySet<string>;
  /** `undefined`: nothing is remembered. */
  readonly remembered: RememberedAnswers | undefined;
  readonly counters: {
    readonly admitted: Counter;
    readonly denied: Counter;
    readonly failed: Counter;
    readonly cached: Counter;
  };
};

export function makeAuthority(
  filter: FilterOfKind<"authRequest">,
  services: FilterServices,
  remembered: RememberedAnswers | undefined,
): Authority {
  const { from, telemetry } = services;
  const server = filter.server === undefined ? undefined : services.cluster(filter.server);
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
    filter,
    services,
    server,
    withheld: new Set([...filter.withheld, ...filter.headers.map(({ name }) => name)]),
    remembered,
    counters: {
      admitted: counter("allowed"),
      denied: counter("denied"),
      failed: counter("failed"),
      cached: counter("cached"),
    },
  };
}
