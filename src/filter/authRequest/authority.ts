import type { Counter } from "../../telemetry/telemetry.ts";
import type { FilterOfKind, FilterServices } from "../contract/build.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";
import type { Remembered } from "../externalAuth/remembered.ts";
import type { AuthAnswer } from "./keep-answer.ts";

/** An authorisation server as one filter asks it. */
export type Authority = {
  readonly filter: FilterOfKind<"authRequest">;
  readonly services: FilterServices;
  /** `undefined`: nobody can be asked. */
  readonly server: UpstreamCluster | undefined;
  /** Lower-case names of the client's headers that are not sent, or not as they are. */
  readonly withheld: ReadonlySet<string>;
  /** `undefined`: nothing is remembered. */
  readonly remembered: Remembered<AuthAnswer> | undefined;
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
  remembered: Remembered<AuthAnswer> | undefined,
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
