import { type FilterExchange, type Verdict, type Waiting, waiting } from "../../filter/contract/exchange.ts";
import type { FilterPlace, Waiter } from "./filter-place.ts";

/** A hook that may wait. */
type WaitingHook = { readonly cancel: (exchange: FilterExchange) => void };

/** Who goes on with a verdict that came late. */
export interface VerdictTaker {
  onVerdict(verdict: Verdict): void;
  /** What goes on has thrown. */
  onBug(error: unknown): void;
}

/** The verdict of the hook whose turn it is: at once, within its own call, or later. */
export class HookWait implements Waiter {
  readonly #taker: VerdictTaker;
  #place: FilterPlace | undefined;
  #hook: WaitingHook | undefined;
  /** The hook has not returned yet. */
  #calling = false;
  /** It has resumed before it returned. */
  #resumed = false;
  #early: Verdict;

  constructor(taker: VerdictTaker) {
    this.#taker = taker;
  }

  /** A hook is about to be called. */
  open(hook: WaitingHook, place: FilterPlace): void {
    this.#hook = hook;
    this.#place = place;
    place.waiter = this;
    this.#calling = true;
    this.#resumed = false;
  }

  /** It has returned. The answer is its verdict, or that it is yet to come. */
  close(said: Verdict | Waiting): Verdict | Waiting {
    this.#calling = false;
    if (said === waiting && !this.#resumed) return waiting;
    this.#letGo();
    return said === waiting ? this.#early : said;
  }

  onResume(verdict: Verdict): void {
    if (this.#calling) {
      if (!this.#resumed) this.#early = verdict;
      this.#resumed = true;
      return;
    }
    this.#letGo();
    try {
      this.#taker.onVerdict(verdict);
    } catch (error) {
      this.#taker.onBug(error);
    }
  }

  /** Nobody waits any more. */
  cancel(): void {
    const hook = this.#hook;
    const place = this.#place;
    if (hook === undefined || place === undefined) return;
    const waits = !this.#calling;
    this.#calling = false;
    this.#letGo();
    if (waits) hook.cancel(place);
  }

  #letGo(): void {
    if (this.#place !== undefined) this.#place.waiter = undefined;
    this.#place = undefined;
    this.#hook = undefined;
  }
}
