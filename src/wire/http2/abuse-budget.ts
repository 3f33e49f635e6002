/**
 * How much a peer may ask of us without getting on with its own work. One leaky bucket per kind of abuse: every costly
 * frame fills it, time drains it, and progress (bodies moved, answers finished) empties it faster.
 */

/** What fills a bucket. */
export type Abuse =
  /** PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA, unknown frames, streams refused before they cost anything. */
  | "control"
  /** Streams that end in a reset: by the peer (CVE-2023-44487) or by us because of the peer's frames (CVE-2025-8671). */
  | "reset";

type Bucket = { readonly capacity: number; readonly drainPerSecond: number };

/** Sized so that an abuser is gone within a second or a megabyte, after at most 200 requests. */
export const abuseBuckets = {
  control: { capacity: 1000, drainPerSecond: 50 },
  reset: { capacity: 100, drainPerSecond: 10 },
} as const satisfies Record<Abuse, Bucket>;

export class AbuseBudget {
  readonly #now: () => number;
  readonly #level: Record<Abuse, number> = { control: 0, reset: 0 };
  readonly #since: Record<Abuse, number>;

  /** `now`: milliseconds of a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now;
    this.#since = { control: now(), reset: now() };
  }

  /** Counts `amount` (default 1); `false` when the bucket overflows, after which the connection must be closed. */
  spend(abuse: Abuse, amount = 1): boolean {
    this.#level[abuse] += amount;
    if (this.#level[abuse] <= abuseBuckets[abuse].capacity / 2) return true;
    const now = this.#now();
    const drained = ((now - this.#since[abuse]) * abuseBuckets[abuse].drainPerSecond) / 1000;
    this.#level[abuse] = Math.max(0, this.#level[abuse] - drained);
    this.#since[abuse] = now;
    return this.#level[abuse] <= abuseBuckets[abuse].capacity;
  }

  /** Progress was made. */
  credit(abuse: Abuse, amount: number): void {
    this.#level[abuse] = Math.max(0, this.#level[abuse] - amount);
  }
}
