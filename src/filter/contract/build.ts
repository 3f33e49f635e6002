import type { Clock } from "../../base/clock.ts";
import type { ClusterKey } from "../../ir/cluster.ts";
import type { Filter, FilterKind } from "../../ir/filter.ts";
import type { SecretMaterial } from "../../ir/secret-table.ts";
import type { SourceRef } from "../../ir/source-ref.ts";
import type { SecretKey } from "../../ir/tls.ts";
import type { Telemetry } from "../../telemetry/telemetry.ts";
import type { UpstreamCluster } from "./endpoint.ts";
import type { FilterHook } from "./hook.ts";
import type { OwnRequests } from "./own-request.ts";
import type { RedisScripts } from "./redis.ts";
import type { SharedState } from "./shared-state.ts";
import type { WebRequests } from "./web-request.ts";

/** Bounds of the plane that filters keep to; see `ProxyLimits`. */
export type FilterLimits = {
  readonly mirrorBodyBytes: number;
  readonly mirrorsInFlight: number;
  readonly authTimeoutMs: number;
  readonly authAnswerBytes: number;
};

/** What a plane offers to the filters that it builds. */
export interface FilterServices {
  /** Where the user wrote the filter. */
  readonly from: SourceRef;
  /** What the filter is on, such as a rule: the same text in every configuration, and no other's. For names of shared state. */
  readonly place: string;
  /** Clusters that the filter's row in `ir/filter-references.ts` names. `undefined`: the model has none of that key. */
  cluster(key: ClusterKey): UpstreamCluster | undefined;
  /** Key material that the same row names; the filter is built anew when it changes. `undefined`: there is none. */
  secret(key: SecretKey): SecretMaterial | undefined;
  readonly requests: OwnRequests;
  readonly redis: RedisScripts;
  readonly shared: SharedState;
  readonly web: WebRequests;
  readonly telemetry: Pick<Telemetry, "counter" | "gauge" | "histogram">;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly limits: FilterLimits;
  /** Seals what clients are given to bring back; the same on all gateways that serve them. */
  readonly signingKey: Buffer;
  /** Port that clients use for another listener port of this gateway: itself unless it is mapped. */
  publicPort(port: number): number;
}

/** A filter ready for requests. */
export type BuiltFilter<Carried = unknown> = {
  readonly hooks: readonly FilterHook[];
  /** Lower-case names of request headers that it has a say on: clients may not send trailers of these names. `all`: none at all. */
  readonly claimedTrailers: readonly string[] | "all";
  /** What the filter that takes its place when the configuration changes is given. */
  readonly carried: Carried;
};

/** A filter's settings in the model. */
export type FilterOfKind<K extends FilterKind> = Extract<Filter, { readonly kind: K }>;

/**
 * Builds a filter, once for each place and configuration that changes it. `previous` is what the filter of this kind that stood
 * in its place carried; `undefined`: there was none.
 */
export type BuildFilter<K extends FilterKind, Carried = undefined> = (
  filter: FilterOfKind<K>,
  services: FilterServices,
  previous: Carried | undefined,
) => BuiltFilter<Carried>;

/** A filter that keeps nothing between configurations and has no say on request headers. */
export function built(...hooks: readonly FilterHook[]): BuiltFilter<undefined> {
  return { hooks, claimedTrailers: [], carried: undefined };
}
