import { durationMs } from "../../base/duration.ts";
import { primeFrom } from "../../base/prime.ts";
import { plainCookie } from "../../ir/issued-cookie.ts";
import type { HashSource, LoadBalancing, Turns, ZonePreference } from "../../ir/traffic/load-balancing.ts";
import type { BackendSettings } from "./backend-settings.ts";

type ApiBalancer = NonNullable<BackendSettings["loadBalancer"]>;
type ApiHash = NonNullable<ApiBalancer["consistentHash"]>;

/** A larger table takes too long to make for what it would gain; a thousand entries an endpoint are even to 1 %. */
export const maxTableSize = 1_048_573;

/** Envoy's. */
const defaultTableSize = 65_537;

/** Spec: BackendTrafficPolicy.loadBalancer. `undefined`: of a type that the gateway does not have. */
export function compileLoadBalancing(balancer: ApiBalancer): LoadBalancing | undefined {
  const turns = compileTurns(balancer);
  if (turns === undefined) return undefined;
  return {
    turns,
    slowStartMs: durationMs(balancer.slowStart?.window ?? "0s") ?? 0,
    zones: compileZones(balancer.zoneAware),
    overrideHeaders: (balancer.endpointOverride?.extractFrom ?? []).flatMap(({ header }) =>
      header === undefined ? [] : [header.toLowerCase()],
    ),
  };
}

function compileTurns({ type, consistentHash }: ApiBalancer): Turns | undefined {
  switch (type) {
    case "RoundRobin":
      return { kind: "roundRobin" };
    case "LeastRequest":
      return { kind: "leastRequest" };
    case "Random":
      return { kind: "random" };
    case "ConsistentHash": {
      if (consistentHash === undefined) return undefined;
      const size = Math.min(consistentHash.tableSize ?? defaultTableSize, maxTableSize);
      return {
        kind: "consistentHash",
        by: compileSource(consistentHash),
        tableSize: primeFrom(size),
        afterFailure: "other",
      };
    }
    case "BackendUtilization":
    case "DynamicModule":
      return undefined;
  }
}

function compileSource({ type, header, headers, cookie, queryParams }: ApiHash): HashSource {
  switch (type) {
    case "SourceIP":
      return { kind: "sourceAddress" };
    case "Header":
      return { kind: "headers", names: header === undefined ? [] : [header.name.toLowerCase()] };
    case "Headers":
      return { kind: "headers", names: (headers ?? []).map(({ name }) => name.toLowerCase()) };
    case "QueryParams":
      return { kind: "queryParams", names: (queryParams ?? []).map(({ name }) => name) };
    case "Cookie": {
      const ttlMs = cookie?.ttl === undefined ? undefined : durationMs(cookie.ttl);
      const others = Object.entries(cookie?.attributes ?? {})
        .map(([name, value]) => `; ${attributeText(name)}${value === "" ? "" : `=${attributeText(value)}`}`)
        .join("");
      const maxAgeSeconds = ttlMs ? Math.ceil(ttlMs / 1_000) : undefined;
      const issued = ttlMs === undefined ? undefined : { ...plainCookie, maxAgeSeconds, others };
      return { kind: "cookie", name: cookie?.name ?? "", issued };
    }
  }
}

/** Without what would end an attribute, or the header. RFC 6265 section 4.1.1. */
function attributeText(text: string): string {
  return [...text].filter((char) => char >= " " && char < "\x7f" && char !== ";").join("");
}

function compileZones(zones: ApiBalancer["zoneAware"]): ZonePreference {
  const { preferLocal, weightedZones = [] } = zones ?? {};
  if (preferLocal !== undefined) {
    const { force, minEndpointsThreshold = 6, percentageEnabled = 100 } = preferLocal;
    return {
      kind: "local",
      minEndpoints: minEndpointsThreshold,
      forceMinEndpoints: force === undefined ? 0 : (force.minEndpointsInZoneThreshold ?? 1),
      percent: percentageEnabled,
    };
  }
  if (weightedZones.length === 0) return { kind: "none" };
  return { kind: "weighted", weights: Object.fromEntries(weightedZones.map(({ zone, weight }) => [zone, weight])) };
}
