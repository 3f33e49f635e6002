/** Told what happens at a limit. */
export type LimitEvents = {
  /** Something was refused. */
  readonly onRefused: () => void;
  /** It is reached now, or no more. */
  readonly onReached: (reached: boolean) => void;
};

/** So many at a time. */
export class Limit {
  used = 0;
  readonly #max: () => number;
  readonly #events: LimitEvents;
  #reached = false;

  /** `max` may change with what is going on; one below 1 refuses everything. */
  constructor(max: () => number, events: LimitEvents) {
    this.#max = max;
    this.#events = events;
  }

  get reached(): boolean {
    return this.#reached;
  }

  get full(): boolean {
    return this.used >= this.#max();
  }

  get max(): number {
    return this.#max();
  }

  /** One more, where there is room; false is counted as refused. */
  take(): boolean {
    const max = this.#max();
    if (this.used >= max) {
      this.#events.onRefused();
      this.#setReached(true);
      return false;
    }
    this.used++;
    if (this.used >= max) this.#setReached(true);
    return true;
  }

  /** One that was taken is over. */
  give(): void {
    this.used--;
    if (this.#reached && this.used < this.#max()) this.#setReached(false);
  }

  #setReached(reached: boolean): void {
    if (this.#reached === reached) return;
    this.#reached = reached;
    this.#events.onReached(reached);
  }
}
