export type LatestOptions<T> = {
  /** From the first value that waits to the action. Milliseconds. */
  readonly delayMs: number;
  readonly act: (value: T) => void;
};

/** Acts on the newest of the values that it was given, a while after the first: work that nobody waits for keeps out of the way. */
export class Latest<T> implements Disposable {
  readonly #options: LatestOptions<T>;
  #waiting: { readonly value: T } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LatestOptions<T>) {
    this.#options = options;
  }

  give(value: T): void {
    this.#waiting = { value };
    this.#timer ??= setTimeout(() => this.flush(), this.#options.delayMs);
  }

  /** Acts now, when something waits. */
  flush(): void {
    this[Symbol.dispose]();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) this.#options.act(waiting.value);
  }

  /** What waits is not acted on. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
