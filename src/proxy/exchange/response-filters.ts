import { type Verdict, waiting } from "../../filter/contract/exchange.ts";
import type { LocalReply } from "../../filter/contract/local-reply.ts";
import type { ResponseHead, ResponseSource } from "../../filter/contract/message.ts";
import type { FilterPlaces, Stage } from "./filter-place.ts";
import { HookWait, type VerdictTaker } from "./hook-wait.ts";

/** What the filters of an answer do to its exchange. */
export interface ResponseFiltersHost {
  readonly response: ResponseHead;
  /** All filters have let the answer pass. */
  onAnswerPassed(): void;
  /** A filter puts another answer in its place; the filters behind it are still to see that: {@link ResponseFilters.goOn}. */
  onAnswerReplaced(reply: LocalReply): void;
  onAnswerWaits(): void;
  onBug(error: unknown): void;
}

/** Stages in the order in which answers meet them. A backend's filters have no say on what no backend said. */
export const answerStages: { readonly [S in ResponseSource]: readonly Stage[] } = {
  backend: ["backend", "rule", "listener"],
  local: ["rule", "listener"],
};

/** Takes the head of an answer past the filters of all stages that the request has come to. */
export class ResponseFilters implements VerdictTaker {
  readonly #host: ResponseFiltersHost;
  readonly #places: FilterPlaces;
  readonly #wait: HookWait;
  #stages: readonly Stage[] = [];
  #stage = 0;
  #next = 0;

  constructor(host: ResponseFiltersHost, places: FilterPlaces) {
    this.#host = host;
    this.#places = places;
    this.#wait = new HookWait(this);
  }

  begin(source: ResponseSource): void {
    this.#stages = answerStages[source];
    this.#stage = 0;
    this.#next = 0;
    this.goOn();
  }

  /** On to the filters whose turn is still to come. */
  goOn(): void {
    const { response } = this.#host;
    while (this.#stage < this.#stages.length) {
      const stage = this.#stages[this.#stage]!;
      const steps = this.#places.chain(stage).response;
      if (this.#next === steps.length) {
        this.#stage++;
        this.#next = 0;
        continue;
      }
      const { hook, filter } = steps[this.#next++]!;
      const place = this.#places.place(stage, filter);
      this.#wait.open(hook, place);
      if (!this.#take(this.#wait.close(hook.onResponse(response, place)))) return;
    }
    this.#host.onAnswerPassed();
  }

  onVerdict(verdict: Verdict): void {
    if (this.#take(verdict)) this.goOn();
  }

  onBug(error: unknown): void {
    this.#host.onBug(error);
  }

  /** The exchange is over, or another answer is given. */
  cancel(): void {
    this.#wait.cancel();
  }

  /** Whether the answer goes on. */
  #take(verdict: Verdict | typeof waiting): boolean {
    if (verdict === undefined) return true;
    if (verdict === waiting) this.#host.onAnswerWaits();
    else this.#host.onAnswerReplaced(verdict);
    return false;
  }
}
