import type { Cluster } from "../../ir/cluster.ts";

/** One address of a backend. The same object for as long as the backend has it. */
export interface Endpoint {
  /** `address:port`. */
  readonly label: string;
  /** Whether it may be asked now: it is not on its way out and did not lately refuse a connection. `nowMs` is that of `Clock.monotonicMs`. */
  usable(nowMs: number): boolean;
}

/** A cluster of the model as a filter refers to it; requests are sent to it by `OwnRequests`. */
export interface UpstreamCluster {
  readonly cluster: Cluster;
}
