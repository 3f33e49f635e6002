/** Waits for a storm of changes to end, but not for ever. */
export type CoalescerOptions = {
  /** Quiet time after the last change. Milliseconds. */
  readonly quietMs: number;
  /** Longest wait after the first change. Milliseconds. */
  readonly ceilingMs: number;
  /** Called once for all changes since its last call. */
  readonly fire: () => void;
};

export class Coalescer {
  readonly #options: CoalescerOptions;
  #quiet: NodeJS.Timeout | undefined;
  #ceiling: NodeJS.Timeout | undefined;

  constructor(options: CoalescerOptions) {
    this.#options = options;
  }

  /** One more change. */
  touch(): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#fire(), this.#options.quietMs);
    this.#ceiling ??= setTimeout(() => this.#fire(), this.#options.ceilingMs);
  }

  /** Forgets what was waiting. */
  cancel(): void {
    clearTimeout(this.#quiet);
    clearTimeout(this.#ceiling);
    this.#quiet = undefined;
    this.#ceiling = undefined;
  }

  #fire(): void {
    this.cancel();
    this.#options.fire();
  }
}
