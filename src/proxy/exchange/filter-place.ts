import type { Established, FilterExchange, RequestFacts, Verdict } from "../../filter/contract/exchange.ts";
import type { FilterChain } from "../filter-chain.ts";
import { emptyChain } from "../filter-chain.ts";

/** Who is told when a filter resumes. */
export interface Waiter {
  onResume(verdict: Verdict): void;
}

/** What one filter keeps of the exchange under way, and its way back into it. */
export class FilterPlace implements FilterExchange {
  readonly facts: RequestFacts;
  readonly established: Established;
  state: unknown;
  /** `undefined`: nobody waits for this filter. */
  waiter: Waiter | undefined;

  constructor(facts: RequestFacts, established: Established) {
    this.facts = facts;
    this.established = established;
  }

  resume(verdict: Verdict): void {
    this.waiter?.onResume(verdict);
  }
}

/** Whose filters a request meets, in this order. */
export const stages = ["listener", "rule", "backend"] as const;
export type Stage = (typeof stages)[number];

/** The filters that a request meets, stage by stage, with the place of each. */
export class FilterPlaces {
  readonly established: Established = { principal: undefined, claims: undefined, tokenProvider: undefined };
  readonly #facts: RequestFacts;
  readonly #chains: Record<Stage, FilterChain> = { listener: emptyChain, rule: emptyChain, backend: emptyChain };
  readonly #firsts: Record<Stage, number> = { listener: 0, rule: 0, backend: 0 };
  readonly #places: FilterPlace[] = [];
  #used = 0;

  constructor(facts: RequestFacts) {
    this.#facts = facts;
  }

  /** Filters of a stage that the request has come to. */
  chain(stage: Stage): FilterChain {
    return this.#chains[stage];
  }

  place(stage: Stage, filter: number): FilterPlace {
    return this.#places[this.#firsts[stage] + filter]!;
  }

  /** The request comes to the filters of a stage. */
  meet(stage: Stage, chain: FilterChain): void {
    this.#chains[stage] = chain;
    this.#firsts[stage] = this.#used;
    this.#used += chain.size;
    while (this.#places.length < this.#used) this.#places.push(new FilterPlace(this.#facts, this.established));
  }

  /** The exchange is over: nothing of it is kept. */
  clear(): void {
    if (this.#used === 0) return;
    for (let i = 0; i < this.#used; i++) {
      const place = this.#places[i]!;
      place.state = undefined;
      place.waiter = undefined;
    }
    this.#used = 0;
    this.#chains.listener = emptyChain;
    this.#chains.rule = emptyChain;
    this.#chains.backend = emptyChain;
    this.established.principal = undefined;
    this.established.claims = undefined;
    this.established.tokenProvider = undefined;
  }
}
