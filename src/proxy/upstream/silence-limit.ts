import type { ProxyLimits } from "../limits.ts";
import type { OutgoingRequest } from "./exchange.ts";

/**
 * How long nothing may move on a request that an endpoint owes an answer, the rest of one, or bytes of a tunnel. Milliseconds;
 * `Infinity` where the route sets the time of its requests itself, or says that they have any.
 */
export function silenceLimitMs(
  { silence, grpc }: Pick<OutgoingRequest, "silence" | "grpc">,
  waitsFor: "answer" | "tunnel",
  limits: ProxyLimits,
): number {
  if (typeof silence === "number") return silence;
  if (silence === "unbounded") return Number.POSITIVE_INFINITY;
  return waitsFor === "tunnel" || grpc === true ? limits.tunnelIdleMs : limits.responseStallMs;
}
