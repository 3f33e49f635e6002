import type { Clock } from "../base/clock.ts";
import type {
  BucketAnswer,
  BucketSettings,
  SemaphoreSettings,
  Semaphores,
  SharedCounters,
  SharedState,
  TableSettings,
  TokenBuckets,
} from "../filter/contract/shared-state.ts";

/** Shared state of a process with one worker: plain tables. */
export class LocalSharedState implements SharedState {
  readonly #clock: Clock;
  /** A table goes when no filter has it any more. */
  readonly #tables = new Map<string, WeakRef<Table>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  tokenBuckets(name: string, settings: BucketSettings): TokenBuckets {
    return this.#table(`buckets/${name}`, LocalBuckets, settings);
  }

  semaphores(name: string, settings: SemaphoreSettings): Semaphores {
    return this.#table(`semaphores/${name}`, LocalSemaphores, settings);
  }

  counters(name: string, settings: TableSettings): SharedCounters {
    return this.#table(`counters/${name}`, LocalCounters, settings);
  }

  #table<S extends TableSettings, T extends Table & { settings: S }>(
    name: string,
    kind: new (settings: S, clock: Clock) => T,
    settings: S,
  ): T {
    const known = this.#tables.get(name)?.deref();
    if (known instanceof kind) {
      known.settings = settings;
      return known;
    }
    for (const [other, table] of this.#tables) if (table.deref() === undefined) this.#tables.delete(other);
    const table = new kind(settings, this.#clock);
    this.#tables.set(name, new WeakRef(table));
    return table;
  }
}

type Table = LocalBuckets | LocalSemaphores | LocalCounters;

/** Takes an entry to the young end of a map whose order is that of use. */
function touch<V>(entries: Map<string, V>, key: string, value: V): void {
  entries.delete(key);
  entries.set(key, value);
}

/** Makes room for one entry: the one that was not used for longest goes. */
function makeRoom<V>(entries: Map<string, V>, maxKeys: number): void {
  for (const key of entries.keys()) {
    if (entries.size < maxKeys) return;
    entries.delete(key);
  }
}

class LocalBuckets implements TokenBuckets {
  settings: BucketSettings;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(settings: BucketSettings, clock: Clock) {
    this.settings = settings;
    this.#clock = clock;
  }

  take(key: string, tokens: number): BucketAnswer {
    const { capacity, refillPerSecond } = this.settings;
    const bucket = this.#refilled(key);
    const missing = tokens - bucket.tokens;
    if (missing <= 0) {
      bucket.tokens -= tokens;
      return { taken: true, left: Math.floor(bucket.tokens), waitMs: 0 };
    }
    const never = tokens > capacity || refillPerSecond === 0;
    const waitMs = never ? Number.POSITIVE_INFINITY : (missing * 1_000) / refillPerSecond;
    return { taken: false, left: Math.floor(bucket.tokens), waitMs };
  }

  charge(key: string, tokens: number): void {
    const bucket = this.#refilled(key);
    bucket.tokens = Math.max(-this.settings.capacity, bucket.tokens - tokens);
  }

  /** The bucket with what has come since it was last asked. */
  #refilled(key: string): { tokens: number; atMs: number } {
    const { capacity, refillPerSecond, maxKeys } = this.settings;
    const nowMs = this.#clock.monotonicMs();
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      makeRoom(this.#buckets, maxKeys);
      bucket = { tokens: capacity, atMs: nowMs };
    }
    touch(this.#buckets, key, bucket);
    bucket.tokens = Math.min(capacity, bucket.tokens + ((nowMs - bucket.atMs) * refillPerSecond) / 1_000);
    bucket.atMs = nowMs;
    return bucket;
  }
}

class LocalSemaphores implements Semaphores {
  settings: SemaphoreSettings;
  /** Permits that are out, at least one. */
  readonly #out = new Map<string, number>();

  constructor(settings: SemaphoreSettings) {
    this.settings = settings;
  }

  acquire(key: string): boolean {
    const out = this.#out.get(key) ?? 0;
    if (out >= this.settings.permits || (out === 0 && this.#out.size >= this.settings.maxKeys)) return false;
    this.#out.set(key, out + 1);
    return true;
  }

  release(key: string): void {
    const out = this.#out.get(key) ?? 0;
    if (out > 1) this.#out.set(key, out - 1);
    else this.#out.delete(key);
  }
}

class LocalCounters implements SharedCounters {
  settings: TableSettings;
  readonly #counts = new Map<string, number>();

  constructor(settings: TableSettings) {
    this.settings = settings;
  }

  add(key: string, count: number): number {
    const known = this.#counts.get(key);
    if (known === undefined) makeRoom(this.#counts, this.settings.maxKeys);
    const sum = (known ?? 0) + count;
    touch(this.#counts, key, sum);
    return sum;
  }

  get(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  reset(key: string): void {
    this.#counts.delete(key);
  }
}
