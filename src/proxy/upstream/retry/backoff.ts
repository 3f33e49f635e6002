import type { Retry } from "../../../ir/routing-model.ts";

/**
 * The pause before a retry, which doubles with each of those before. Under a policy it has a maximum, and is a random part of
 * that. `random`: in [0, 1). Milliseconds.
 */
export function backoffMs({ backoffMs: base, triggers }: Retry, before: number, random: () => number): number {
  const pauseMs = base * 2 ** before;
  return triggers === undefined ? pauseMs : random() * Math.min(pauseMs, triggers.maxBackoffMs);
}
