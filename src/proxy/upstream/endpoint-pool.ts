import type { UpstreamCluster } from "../../filter/contract/endpoint.ts";
import type { EndpointState } from "./endpoint-state.ts";

/** Where a request of the gateway's own finds an endpoint. */
export interface EndpointPool extends UpstreamCluster {
  /** Why no endpoint can be spoken to; `undefined`: nothing stands against it. */
  readonly broken: string | undefined;
  readonly endpoints: readonly EndpointState[];
  /** The pool as it is now, for requests whose endpoint could not be reached. */
  readonly latest: EndpointPool;
  choose(nowMs: number, avoid: EndpointState | undefined): EndpointState | undefined;
}

/** Whether a cluster that a filter refers to is one of this plane. */
export function isEndpointPool(cluster: UpstreamCluster): cluster is EndpointPool {
  return "choose" in cluster;
}
