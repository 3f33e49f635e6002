import type { Clock } from "../../base/clock.ts";
import type { FilterOfKind } from "../contract/build.ts";
import type { Pace } from "./paced-content.ts";

type EachAnswer = NonNullable<FilterOfKind<"bandwidthLimit">["eachAnswer"]>;

/** What may go at once: that much of a second's worth, as Envoy fills its buckets, but never less than a line of text. */
const burstSeconds = 0.05;
const minBurstBytes = 1_024;

export function burstBytes(bytesPerSecond: number): number {
  return Math.max(minBurstBytes, Math.ceil(bytesPerSecond * burstSeconds));
}

/** The pace of one answer that begins now: the bytes that are free, a second's worth at once, and the rest by the time. Spec: limit_rate of nginx. */
export function paceOfAnswer({ bytesPerSecond, afterBytes }: EachAnswer, clock: Clock): Pace {
  const startMs = clock.monotonicMs();
  let sent = 0;
  return {
    take: (bytes) => {
      const dueMs = startMs + ((sent + bytes - afterBytes) / bytesPerSecond - 1) * 1_000;
      const waitMs = dueMs - clock.monotonicMs();
      if (waitMs > 0) return { taken: false, waitMs };
      sent += bytes;
      return { taken: true, waitMs: 0 };
    },
    capacity: burstBytes(bytesPerSecond),
    clock,
  };
}
