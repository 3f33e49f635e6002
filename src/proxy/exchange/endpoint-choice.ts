import type { ClusterRuntime } from "../cluster-runtime.ts";
import type { BalanceHint } from "../upstream/balance/balance-hint.ts";
import type { EndpointState } from "../upstream/endpoint-state.ts";
import type { PrivateUpstreams } from "../upstream/private-upstreams.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { FilterPlaces } from "./filter-place.ts";
import { answerStages } from "./response-filters.ts";

/** What a choice needs of its exchange. */
export interface EndpointChoiceHost {
  readonly state: Pick<ExchangeState, "backend">;
  readonly places: FilterPlaces;
  /** Connections that the client has for itself. */
  readonly upstreams: PrivateUpstreams;
}

/** Which endpoint of its backend a request is to go to: one that a filter names, that the client logs in at, or whose turn it is. */
export class EndpointChoice {
  /** What the request says of it. */
  hint: BalanceHint | undefined;
  readonly #host: EndpointChoiceHost;

  constructor(host: EndpointChoiceHost) {
    this.#host = host;
  }

  /** The backend; where an endpoint of it failed, as it is now. */
  cluster(failed: EndpointState | undefined): ClusterRuntime {
    const cluster = this.#host.state.backend!.cluster!;
    return failed === undefined ? cluster : cluster.latest;
  }

  /** `avoid`: the endpoint that failed, chosen only where there is no other. `undefined`: there is none. */
  choose(nowMs: number, avoid: EndpointState | undefined): EndpointState | undefined {
    const cluster = this.cluster(avoid);
    const { serving } = cluster;
    const pinned = this.#preferred(serving, avoid) ?? this.#own(serving, avoid);
    return pinned ?? cluster.choose(nowMs, avoid, this.hint);
  }

  /** The endpoint that a filter wants asked; not the one that failed, unless the filter insists on it. */
  #preferred(endpoints: readonly EndpointState[], failed: EndpointState | undefined): EndpointState | undefined {
    const { places } = this.#host;
    for (const stage of answerStages.backend) {
      for (const { hook, filter } of places.chain(stage).endpoint) {
        const named = hook.prefer(endpoints, places.place(stage, filter));
        if (named === undefined) continue;
        const preferred = endpoints.find((endpoint) => endpoint === named);
        return preferred === failed && !hook.insists ? undefined : preferred;
      }
    }
    return undefined;
  }

  /** Where the client has a connection for itself. */
  #own(endpoints: readonly EndpointState[], failed: EndpointState | undefined): EndpointState | undefined {
    const own = this.#host.upstreams.among(endpoints);
    return own === failed ? undefined : own;
  }
}
