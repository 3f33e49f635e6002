import type { LocationSettings } from "../../../ingress/features.ts";
import { nothingServed, type ServeFeature } from "../serve-feature.ts";

/** Connections are made once: how often an endpoint is tried is what `retries` says, whatever failed. */
export const serveTimeouts: ServeFeature<LocationSettings["timeouts"]> = ({
  connectSeconds,
  readSeconds,
  sendSeconds,
}) => ({
  ...nothingServed,
  rule: { timeouts: { silence: waitMs(readSeconds), sendSilenceMs: waitMs(sendSeconds) } },
  cluster: { traffic: { connectTimeoutMs: waitMs(connectSeconds), connectAttempts: 1 } },
});

/** No time at all would be no limit. */
function waitMs(seconds: number): number {
  return Math.max(1, seconds * 1_000);
}
