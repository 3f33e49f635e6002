import type { Turns } from "../../ir/traffic/load-balancing.ts";
import type { TrafficSettings } from "../../ir/traffic-settings.ts";

/** Prime. Entries of the table that a hash leads to: even to a few percent for some dozen endpoints, and small enough for each location. */
const tableSize = 8_191;

/** Traffic whose endpoints are chosen by hash, and which is otherwise as without a policy. */
export function trafficByTurns(
  hash: Pick<Extract<Turns, { readonly kind: "consistentHash" }>, "by" | "afterFailure">,
): Partial<TrafficSettings> {
  return {
    policy: {
      loadBalancing: {
        turns: { kind: "consistentHash", tableSize, ...hash },
        slowStartMs: 0,
        zones: { kind: "none" },
        overrideHeaders: [],
      },
      connections: { maxRequests: 0, maxAgeMs: 0, idleMs: 0 },
      panicPercent: 0,
    },
  };
}
