/**
 * State that outlives a configuration and belongs to the process: one worker keeps it now, several will share it. So a table is
 * named, its entries are found by text, and every operation is a single step whose answer is all that a filter learns.
 */
export interface SharedState {
  /** The table of that name: the same for all who ask, for as long as one of them has it. The settings of the last one hold. */
  tokenBuckets(name: string, settings: BucketSettings): TokenBuckets;
  semaphores(name: string, settings: SemaphoreSettings): Semaphores;
  counters(name: string, settings: TableSettings): SharedCounters;
}

export type TableSettings = {
  /** Entries that are kept; a further one takes the place of the one that was not used for longest. */
  readonly maxKeys: number;
};

export type BucketSettings = TableSettings & {
  /** Tokens of a full bucket: new buckets are full. */
  readonly capacity: number;
  readonly refillPerSecond: number;
};

/** What is left in a bucket after it was asked. */
export type BucketAnswer = {
  readonly taken: boolean;
  /** Whole tokens. */
  readonly left: number;
  /** Until what was asked for could be taken; 0 when it was; `Infinity`: never. Milliseconds. */
  readonly waitMs: number;
};

export interface TokenBuckets {
  /** Takes tokens, all or none. */
  take(key: string, tokens: number): BucketAnswer;
  /** Takes tokens that need not be there: what is missing is owed, up to a full bucket. */
  charge(key: string, tokens: number): void;
}

export type SemaphoreSettings = TableSettings & { readonly permits: number };

/** Entries with permits out are never displaced: when all are, a new key gets none. */
export interface Semaphores {
  acquire(key: string): boolean;
  /** For each `acquire` that said yes, once. */
  release(key: string): void;
}

export interface SharedCounters {
  /** Adds and returns what it is then; a key that is not known begins at 0. */
  add(key: string, count: number): number;
  get(key: string): number;
  /** Begins at 0 again. */
  reset(key: string): void;
}
