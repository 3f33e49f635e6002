import type { HashPart } from "../../../ingress/feature/load-balancing.ts";
import type { LocationSettings } from "../../../ingress/features.ts";
import { maxPlaceholderLength, type Placeholder } from "../../../ir/template.ts";
import type { TrafficSettings } from "../../../ir/traffic-settings.ts";
import { trafficByTurns } from "../ingress-turns.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

/** A cookie that brings clients back wins over all turns. */
export const serveLoadBalancing: ServeFeature<LocationSettings["loadBalancing"]> = (
  { turns, addresses },
  { location },
) => ({
  ...nothingServed,
  cluster: { addresses, ...(location.settings.affinity === undefined ? { traffic: trafficOf(turns) } : {}) },
});

function trafficOf(turns: LocationSettings["loadBalancing"]["turns"]): Partial<TrafficSettings> {
  switch (turns.kind) {
    case "roundRobin":
      return { loadBalancing: "roundRobin" };
    case "ewma":
      return { loadBalancing: "leastRequest" };
    case "hash":
      return trafficByTurns({ by: { kind: "template", template: turns.by.map(placeOf) }, afterFailure: "same" });
  }
}

function placeOf(part: HashPart): string | Placeholder {
  switch (part.kind) {
    case "text":
      return part.value;
    case "header":
      return { from: "request", name: part.name, otherwise: undefined, maxLength: maxPlaceholderLength };
    case "queryParam":
      return { from: "parameter", name: part.name };
    case "cookie":
      return { from: "cookie", name: part.name };
    case "host":
      return { from: "hostname" };
    default:
      return { from: part.kind };
  }
}
