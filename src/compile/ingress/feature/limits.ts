import type { RequestLimit } from "../../../ingress/feature/limits.ts";
import type { LocationSettings } from "../../../ingress/features.ts";
import type { ClientSelector, Counter, RateLimitRule } from "../../../ir/rate-limit.ts";
import type { Resource } from "../../../resource/kinds.ts";
import { nothingServed, type ServeFeature, type StagedFilter } from "../serve-feature.ts";

/** Networks of all clients, one for each family of addresses. */
const everywhere = ["0.0.0.0/0", "::/0"] as const;

const annotations = { Second: "limit-rps", Minute: "limit-rpm" } as const;

export const serveLimits: ServeFeature<LocationSettings["limits"]> = (limits, scope) => {
  const { owner } = scope.location;
  // What the ConfigMap says of all Ingresses is not for hosts that none has.
  if (owner === undefined) return nothingServed;
  const { requests, connections, exempt, download } = limits;
  const filters: StagedFilter[] = [];
  const clients = everywhere.map(
    (cidr): ClientSelector => ({ ...anyone, network: { cidr, distinct: true, except: exempt } }),
  );
  if (requests.length > 0) {
    filters.push({
      stage: "limit",
      from: scope.at(annotations[requests[0]!.unit]),
      filter: {
        kind: "localRateLimit",
        status: limits.requestStatus,
        rules: requests.flatMap((limit) => clients.map((client) => ruleOf(limit, client, owner.resource))),
      },
    });
  }
  if (connections > 0) {
    filters.push({
      stage: "limit",
      from: scope.at("limit-connections"),
      filter: {
        kind: "concurrency",
        status: limits.connectionStatus,
        rules: clients.map((client) => ({
          counter: counterOf("connections", client, owner.resource),
          selectors: [client],
          requests: connections,
        })),
      },
    });
  }
  if (download !== undefined) {
    filters.push({
      stage: "answer",
      from: scope.at("limit-rate"),
      filter: { kind: "bandwidthLimit", request: undefined, response: undefined, eachAnswer: download },
    });
  }
  return { ...nothingServed, filters };
};

const anyone: ClientSelector = { headers: [], query: [], claims: [], methods: [], path: undefined, network: undefined };

/** A bucket holds the burst and the one request that the rate itself lets through. */
function ruleOf(
  { requests, unit, burst }: RequestLimit,
  client: ClientSelector,
  owner: Resource<"Ingress">,
): RateLimitRule {
  return {
    counter: counterOf(unit, client, owner),
    selectors: [client],
    requests,
    unit,
    burst: burst + 1,
    requestCost: 1,
    responseCost: 0,
    shadow: false,
    tells: false,
  };
}

/** All paths of one Ingress count together. */
function counterOf(what: string, { network }: ClientSelector, owner: Resource<"Ingress">): Counter {
  const { namespace, name } = owner.metadata;
  return { name: `Ingress/${namespace}/${name}/${what}/${network?.cidr}`, shared: true };
}
