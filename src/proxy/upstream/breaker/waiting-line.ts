/** A request that waits for a place at a backend all of whose connections are in use. */
export interface Waiter<Place> {
  /** There may be a place here now. Returns whether the request took it, or another one, or waits no longer. */
  onPlace(place: Place): boolean;
}

/** Those who wait, the first to come the first to go: nobody is served while an earlier one still finds no place. */
export class WaitingLine<Place> {
  readonly #waiters = new Set<Waiter<Place>>();

  get length(): number {
    return this.#waiters.size;
  }

  add(waiter: Waiter<Place>): void {
    this.#waiters.add(waiter);
  }

  /** It waits no longer. Returns whether it did. */
  delete(waiter: Waiter<Place>): boolean {
    return this.#waiters.delete(waiter);
  }

  /** Has those who wait try the place, one after the other, until one finds none. */
  offer(place: Place): void {
    for (const waiter of this.#waiters) {
      if (!waiter.onPlace(place)) return;
      this.#waiters.delete(waiter);
    }
  }
}
