const firstMs = 100;
const capMs = 3_000;

/** Wait before attempt `attempt` (from 0) after a failure: doubles from 100 ms to 3 s, of which a random half is taken off. `random` is in [0, 1). */
export function retryDelayMs(attempt: number, random: () => number): number {
  return Math.min(capMs, firstMs * 2 ** Math.min(attempt, 16)) * (0.5 + random() / 2);
}
