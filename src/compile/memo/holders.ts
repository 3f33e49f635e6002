/** How often something is held, and how often it was at the last flush where that is not the same. */
export class Holders<T> {
  readonly #counts = new Map<T, number>();
  readonly #before = new Map<T, number>();

  has(value: T): boolean {
    return this.#counts.has(value);
  }

  change(value: T, by: 1 | -1): void {
    const count = this.#counts.get(value) ?? 0;
    if (!this.#before.has(value)) this.#before.set(value, count);
    if (count + by === 0) this.#counts.delete(value);
    else this.#counts.set(value, count + by);
  }

  /** What has come and what has gone since the last call. */
  flush(): { readonly came: readonly T[]; readonly gone: readonly T[] } {
    const came: T[] = [];
    const gone: T[] = [];
    for (const [value, before] of this.#before) {
      const isHeld = this.#counts.has(value);
      if (isHeld && before === 0) came.push(value);
      if (!isHeld && before > 0) gone.push(value);
    }
    this.#before.clear();
    return { came, gone };
  }
}
