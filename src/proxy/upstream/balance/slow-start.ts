/** What a new endpoint gets at least of its full share, so that it warms up at all; Envoy's default. */
const leastShare = 0.1;

/** The share of its turns that an endpoint takes which serves since `sinceMs`: it grows evenly to 1 over the window. */
export function warmShare(sinceMs: number, nowMs: number, windowMs: number): number {
  if (windowMs === 0) return 1;
  return Math.min(1, Math.max(leastShare, (nowMs - sinceMs) / windowMs));
}
