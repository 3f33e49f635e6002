import type { HashPart, IngressBalancing } from "../../../ingress/feature/load-balancing.ts";
import type { JsonObject } from "../../../resource/json.ts";
import { type ConvertFeature, nothingConverted } from "../convert-feature.ts";

export const convertLoadBalancing: ConvertFeature<IngressBalancing> = ({ turns, addresses }, scope) => {
  const routing = addresses === "clusterIp" && scope.policies === "envoy-gateway" ? { routingType: "Service" } : {};
  if (addresses === "clusterIp" && scope.policies !== "envoy-gateway") {
    scope.report("convert-differs", "service-upstream", {
      message: "Requests go to the endpoints of the Service rather than to its address.",
      fix: "Nothing, unless something stands behind the Service's address that its endpoints do not know, such as a mesh.",
    });
  }
  // A cookie of its own is what balances then.
  if (scope.location.settings.affinity !== undefined) return { ...nothingConverted, trafficPolicy: routing };
  if (turns.kind === "ewma") {
    scope.report("convert-differs", "load-balance", {
      message:
        "ewma is converted to LeastRequest: endpoints with fewer open requests get more, whatever their answers took.",
      fix: "Nothing, unless answers differ much in how long they take.",
    });
  }
  if (turns.kind !== "hash") {
    // Endpoints take turns in Sluice unless something else is said; in Envoy Gateway the less busy gets more.
    const type = turns.kind === "ewma" ? "LeastRequest" : "RoundRobin";
    const said = turns.kind === "ewma" || scope.policies === "envoy-gateway";
    return { ...nothingConverted, trafficPolicy: { ...routing, ...(said ? { loadBalancer: { type } } : {}) } };
  }
  const [part, ...others] = turns.by.filter(({ kind }) => kind !== "text");
  const consistentHash = others.length > 0 || part === undefined ? undefined : hashOf(part);
  if (consistentHash === undefined) {
    scope.report("convert-lost", "upstream-hash-by", {
      message:
        "upstream-hash-by is not converted: policies hash one header, cookie, query parameter, or the client's address. Endpoints take turns.",
      fix: "Hash by one of these.",
    });
    return { ...nothingConverted, trafficPolicy: routing };
  }
  return {
    ...nothingConverted,
    trafficPolicy: { ...routing, loadBalancer: { type: "ConsistentHash", consistentHash } },
  };
};

function hashOf(part: HashPart): JsonObject | undefined {
  switch (part.kind) {
    case "clientAddress":
      return { type: "SourceIP" };
    case "header":
      return { type: "Headers", headers: [{ name: part.name }] };
    case "host":
      return { type: "Headers", headers: [{ name: "host" }] };
    case "cookie":
      return { type: "Cookie", cookie: { name: part.name } };
    case "queryParam":
      return { type: "QueryParams", queryParams: [{ name: part.name }] };
    default:
      return undefined;
  }
}
