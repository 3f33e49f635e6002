import { renderTemplate, type TemplateSource } from "../../filter/headerMutation/render-template.ts";
import type { Template } from "../../ir/template.ts";
import type { BalanceSubject } from "../upstream/balance/balance-subject.ts";
import type { ExchangeFacts } from "./exchange-facts.ts";
import type { ExchangeState } from "./exchange-state.ts";
import type { FilterPlaces } from "./filter-place.ts";

/** The request of an exchange as the choice of an endpoint sees it: as it is when all filters have seen it. */
export class BalanceRequest implements BalanceSubject {
  readonly #state: ExchangeState;
  readonly #facts: ExchangeFacts;
  readonly #source: TemplateSource;

  constructor(state: ExchangeState, facts: ExchangeFacts, { established }: Pick<FilterPlaces, "established">) {
    this.#state = state;
    this.#facts = facts;
    this.#source = { exchange: { facts, established }, request: state.request, response: undefined };
  }

  get query(): string {
    return this.#state.request.query;
  }

  get clientAddress(): string {
    return this.#facts.clientAddress;
  }

  get scheme(): "http" | "https" {
    return this.#facts.scheme;
  }

  header(name: string): string | undefined {
    return this.#state.request.header(name);
  }

  text(template: Template): string {
    return renderTemplate(template, this.#source);
  }
}
