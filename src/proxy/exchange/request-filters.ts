import type { HeldContent } from "../../filter/contract/content.ts";
import { type Verdict, waiting } from "../../filter/contract/exchange.ts";
import type { HookOf } from "../../filter/contract/hook.ts";
import type { LocalReply } from "../../filter/contract/local-reply.ts";
import type { RequestHead } from "../../filter/contract/message.ts";
import type { FilterChain } from "../filter-chain.ts";
import type { FilterPlace, FilterPlaces, Stage } from "./filter-place.ts";
import { HookWait, type VerdictTaker } from "./hook-wait.ts";

/** What the filters of a request do to its exchange. */
export interface RequestFiltersHost {
  readonly request: RequestHead;
  /** All filters of a stage have let the request pass. */
  onStagePassed(stage: Stage): void;
  onFilterReply(reply: LocalReply): void;
  /** A filter waits: what the client sends meanwhile is kept. */
  onFilterWaits(): void;
  /** A filter that waited has let the request pass: what is put together is to be written. */
  onFilterResumed(): void;
  /** A filter wants the whole content, if it is not more than its limit. `onContent` or `onContentPassed` follows, perhaps at once. */
  holdContent(hook: Pick<HookOf<"requestContent">, "maxBytes" | "above">): void;
  onBug(error: unknown): void;
}

/** Takes the head of a request past the filters of one stage after the other. */
export class RequestFilters implements VerdictTaker {
  readonly #host: RequestFiltersHost;
  readonly #places: FilterPlaces;
  readonly #wait: HookWait;
  #stage: Stage = "listener";
  #steps: FilterChain["request"] = [];
  #next = 0;
  /** Whose content is waited for. */
  #holder: HookOf<"requestContent"> | undefined;
  #holderPlace: FilterPlace | undefined;

  constructor(host: RequestFiltersHost, places: FilterPlaces) {
    this.#host = host;
    this.#places = places;
    this.#wait = new HookWait(this);
  }

  begin(stage: Stage, chain: FilterChain): void {
    this.#places.meet(stage, chain);
    this.#stage = stage;
    this.#steps = chain.request;
    this.#next = 0;
    this.#goOn();
  }

  /** The content that a filter asked for is there. */
  onContent(content: HeldContent): void {
    const hook = this.#holder!;
    const place = this.#holderPlace!;
    this.#holder = undefined;
    this.#holderPlace = undefined;
    this.#wait.open(hook, place);
    if (this.#take(this.#wait.close(hook.onContent(content, this.#host.request, place)))) this.#goOn();
  }

  /** The request goes on without the filter that asked for its content. */
  onContentPassed(): void {
    this.#holder = undefined;
    this.#holderPlace = undefined;
    this.#goOn();
  }

  onVerdict(verdict: Verdict): void {
    if (!this.#take(verdict)) return;
    this.#goOn();
    this.#host.onFilterResumed();
  }

  onBug(error: unknown): void {
    this.#host.onBug(error);
  }

  /** The exchange is over, or is being answered. */
  cancel(): void {
    this.#holder = undefined;
    this.#holderPlace = undefined;
    this.#wait.cancel();
  }

  #goOn(): void {
    const { request } = this.#host;
    while (this.#next < this.#steps.length) {
      const { hook, filter } = this.#steps[this.#next++]!;
      const place = this.#places.place(this.#stage, filter);
      if (hook.phase === "requestContent") {
        this.#holder = hook;
        this.#holderPlace = place;
        this.#host.holdContent(hook);
        return;
      }
      this.#wait.open(hook, place);
      if (!this.#take(this.#wait.close(hook.onRequest(request, place)))) return;
    }
    this.#host.onStagePassed(this.#stage);
  }

  /** Whether the request goes on. */
  #take(verdict: Verdict | typeof waiting): boolean {
    if (verdict === undefined) return true;
    if (verdict === waiting) this.#host.onFilterWaits();
    else this.#host.onFilterReply(verdict);
    return false;
  }
}
