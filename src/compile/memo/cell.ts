import type { Steps } from "../../base/steps.ts";
import type { Reader, TrackedSnapshot } from "./tracked-snapshot.ts";

/** Something that was made from objects, and made again only after one of these has changed. */
export class Cell<T> implements Reader {
  readonly reads = new Set<Set<Reader>>();
  readonly #stale: () => void;
  #made: { readonly value: T } | undefined;

  /** `stale` is called when what the cell holds no longer counts. */
  constructor(stale: () => void = () => {}) {
    this.#stale = stale;
  }

  touch(): void {
    this.#made = undefined;
    this.#stale();
  }

  /** What the cell holds, after `make` when that does not count. */
  read(tracked: TrackedSnapshot, make: () => T): T {
    this.#made ??= { value: tracked.record(this, make) };
    return this.#made.value;
  }

  /** The same, made in steps. */
  *readInSteps(tracked: TrackedSnapshot, make: () => Steps<T>): Steps<T> {
    this.#made ??= { value: yield* tracked.recordInSteps(this, make) };
    return this.#made.value;
  }
}
