/** Parts of a window: it moves on by one of them at a time. */
const parts = 30;

type Part = { requests: number; successes: number };

/** How many requests of the last while there were, and how many of them went well. Costs the same however many there are. */
export class SuccessWindow {
  readonly #partMs: number;
  readonly #ring: Part[] = Array.from({ length: parts }, () => ({ requests: 0, successes: 0 }));
  /** Number of the part under way, counted from the clock's start. */
  #now = 0;
  requests = 0;
  successes = 0;

  constructor(windowMs: number) {
    this.#partMs = Math.max(1, windowMs / parts);
  }

  add(success: boolean, nowMs: number): void {
    this.advance(nowMs);
    const part = this.#ring[this.#now % parts]!;
    part.requests++;
    this.requests++;
    if (!success) return;
    part.successes++;
    this.successes++;
  }

  /** Leaves out what is too old by now. */
  advance(nowMs: number): void {
    const now = Math.floor(nowMs / this.#partMs);
    for (let passed = Math.min(now - this.#now, parts); passed > 0; passed--) {
      const part = this.#ring[(now - passed + 1) % parts]!;
      this.requests -= part.requests;
      this.successes -= part.successes;
      part.requests = 0;
      part.successes = 0;
    }
    this.#now = Math.max(this.#now, now);
  }
}
