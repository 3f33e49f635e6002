/** Up to this many changes are made one by one; more are merged by sorting. */
const fewChanges = 32;

/**
 * A list that is kept in order while a few of its items change. `compare` must never be 0 for two items that are in it.
 * What `items` gave before a change stays as it was.
 */
export class SortedList<T> {
  readonly #compare: (a: T, b: T) => number;
  #items: readonly T[] = [];

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  /** The same array for as long as nothing changes. */
  get items(): readonly T[] {
    return this.#items;
  }

  /** Takes items out, by identity, and puts others in. */
  patch(removed: Iterable<T>, added: Iterable<T>): void {
    const out = new Set(removed);
    const put: T[] = [];
    for (const item of added) if (!out.delete(item)) put.push(item);
    if (out.size + put.length === 0) return;
    if (out.size + put.length > fewChanges) {
      const stay = out.size === 0 ? this.#items : this.#items.filter((item) => !out.has(item));
      this.#items = [...stay, ...put].sort(this.#compare);
      return;
    }
    const items = [...this.#items];
    for (const item of out) {
      const place = this.#place(items, item);
      if (items[place] === item) items.splice(place, 1);
    }
    for (const item of put) items.splice(this.#place(items, item), 0, item);
    this.#items = items;
  }

  /** Index of the first item that is not before `item`. */
  #place(items: readonly T[], item: T): number {
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(items[middle] as T, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
