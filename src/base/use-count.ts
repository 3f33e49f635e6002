/** How often each key is used, and of which keys that has begun or ended. */
export class UseCount {
  readonly #counts = new Map<string, number>();
  #touched = new Set<string>();

  has(key: string): boolean {
    return this.#counts.has(key);
  }

  keys(): Iterable<string> {
    return this.#counts.keys();
  }

  add(keys: Iterable<string>): void {
    for (const key of keys) {
      const count = this.#counts.get(key) ?? 0;
      if (count === 0) this.#touched.add(key);
      this.#counts.set(key, count + 1);
    }
  }

  /** Takes back what was added. */
  remove(keys: Iterable<string>): void {
    for (const key of keys) {
      const count = (this.#counts.get(key) ?? 1) - 1;
      if (count > 0) this.#counts.set(key, count);
      else {
        this.#counts.delete(key);
        this.#touched.add(key);
      }
    }
  }

  /** Keys that came into use or went out of it, or both, since this was last asked. */
  takeTouched(): ReadonlySet<string> {
    const touched = this.#touched;
    this.#touched = new Set();
    return touched;
  }
}
