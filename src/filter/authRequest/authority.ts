import type { FilterOfKind, FilterServices } from "../contract/build.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";
import { type AuthCounters, authCounters } from "../externalAuth/auth-counters.ts";
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
  readonly counters: AuthCounters;
};

export function makeAuthority(
  filter: FilterOfKind<"authRequest">,
  services: FilterServices,
  remembered: Remembered<AuthAnswer> | undefined,
): Authority {
  const server = filter.server === undefined ? undefined : services.cluster(filter.server);
  return {
    filter,
    services,
    server,
    withheld: new Set([...filter.withheld, ...filter.headers.map(({ name }) => name)]),
    remembered,
    counters: authCounters(services, server),
  };
}
