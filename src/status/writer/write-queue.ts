/** After this many urgent ones in a row, one of the others has its turn: nobody waits for ever. */
const urgentRun = 8;

/** Keys in the order in which they are to be written: urgent ones first, then as they came. A key stands in it once. */
export class WriteQueue {
  readonly #urgent = new Set<string>();
  readonly #others = new Set<string>();
  #run = 0;

  get size(): number {
    return this.#urgent.size + this.#others.size;
  }

  /** A key that waits already keeps its place. */
  add(key: string, urgency: "urgent" | "normal"): void {
    (urgency === "urgent" ? this.#urgent : this.#others).add(key);
  }

  /** The key whose turn it is; it stays until {@link remove}. */
  peek(): string | undefined {
    return this.#next().values().next().value;
  }

  remove(key: string): void {
    if (this.#urgent.delete(key)) this.#run += 1;
    else if (this.#others.delete(key)) this.#run = 0;
  }

  clear(): void {
    this.#urgent.clear();
    this.#others.clear();
  }

  #next(): ReadonlySet<string> {
    if (this.#urgent.size === 0) return this.#others;
    return this.#run >= urgentRun && this.#others.size > 0 ? this.#others : this.#urgent;
  }
}
