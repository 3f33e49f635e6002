import type { Cluster } from "../../../ir/cluster.ts";
import type { EndpointPool } from "../endpoint-pool.ts";
import type { EndpointState } from "../endpoint-state.ts";

/** A pool of the one endpoint that is checked. */
export class SingleEndpoint implements EndpointPool {
  readonly cluster: Cluster;
  readonly broken = undefined;
  readonly endpoints: readonly [EndpointState];

  constructor(cluster: Cluster, endpoint: EndpointState) {
    this.cluster = cluster;
    this.endpoints = [endpoint];
  }

  get latest(): this {
    return this;
  }

  choose(): EndpointState {
    return this.endpoints[0];
  }
}
