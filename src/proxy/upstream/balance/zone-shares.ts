import type { ZonePreference } from "../../../ir/traffic/load-balancing.ts";

/** A part of a backend's endpoints with its part of the requests. */
export type ZoneShare<Endpoint> = { readonly share: number; readonly endpoints: readonly Endpoint[] };

/**
 * Splits endpoints by zone, with the share of each part; one part when zones make no difference. With a preference for the own
 * zone, gateways are taken to be spread evenly over the zones: the own zone gets all requests when it has at least its share of
 * the endpoints, and what it has of its share otherwise, so that few endpoints are not buried. `ownZone`: `""` when unknown.
 */
export function zoneShares<Endpoint extends { readonly zone: string }>(
  endpoints: readonly Endpoint[],
  preference: ZonePreference,
  ownZone: string,
): readonly ZoneShare<Endpoint>[] {
  const whole = [{ share: 1, endpoints }];
  switch (preference.kind) {
    case "none":
      return whole;
    case "weighted":
      return weightedShares(endpoints, preference.weights);
    case "local": {
      const local = endpoints.filter(({ zone }) => zone === ownZone);
      const others = endpoints.filter(({ zone }) => zone !== ownZone);
      if (ownZone === "" || local.length === 0 || others.length === 0) return whole;
      if (endpoints.length < preference.minEndpoints) return whole;
      const zones = new Set(endpoints.map(({ zone }) => zone)).size;
      const enough = preference.forceMinEndpoints > 0 && local.length >= preference.forceMinEndpoints;
      const kept = enough ? 1 : Math.min(1, (local.length * zones) / endpoints.length);
      const share = (kept * preference.percent) / 100;
      // What does not keep to the zone goes anywhere, that zone included, unless the zone is short of endpoints.
      const spill = 1 - share;
      return [
        { share, endpoints: local },
        ...(spill === 0 ? [] : [{ share: spill, endpoints: kept < 1 ? others : endpoints }]),
      ];
    }
  }
}

function weightedShares<Endpoint extends { readonly zone: string }>(
  endpoints: readonly Endpoint[],
  weights: Readonly<Record<string, number>>,
): readonly ZoneShare<Endpoint>[] {
  const byZone = Map.groupBy(endpoints, ({ zone }) => zone);
  const parts = [...byZone].map(([zone, members]) => ({
    share: Object.hasOwn(weights, zone) ? weights[zone]! : 1,
    endpoints: members,
  }));
  const total = parts.reduce((sum, { share }) => sum + share, 0);
  // Zones of weight 0 serve when no other zone has an endpoint.
  if (total === 0) return [{ share: 1, endpoints }];
  return parts.filter(({ share }) => share > 0).map((part) => ({ ...part, share: part.share / total }));
}
