import type { Alternative } from "../../ir/access-filter.ts";
import { buildApiKeyAuth } from "../apiKeyAuth/proxy.ts";
import { buildAuthorization } from "../authorization/proxy.ts";
import { buildAuthRequest } from "../authRequest/proxy.ts";
import { buildBasicAuth } from "../basicAuth/proxy.ts";
import type { BuildFilter, BuiltFilter, FilterOfKind, FilterServices } from "../contract/build.ts";
import type { FilterExchange, Verdict, Waiting } from "../contract/exchange.ts";
import { waiting } from "../contract/exchange.ts";
import type { HookOf, OutcomeHook, RequestHook, ResponseHook } from "../contract/hook.ts";
import type { RequestHead } from "../contract/message.ts";

type Row<K extends Alternative["kind"]> = (
  filter: FilterOfKind<K>,
  services: FilterServices,
  previous: never,
) => BuiltFilter;
type BuildAlternative = (filter: Alternative, services: FilterServices, previous: unknown) => BuiltFilter;

const builders = {
  apiKeyAuth: buildApiKeyAuth,
  authRequest: buildAuthRequest,
  authorization: buildAuthorization,
  basicAuth: buildBasicAuth,
} as const satisfies { readonly [K in Alternative["kind"]]: Row<K> };

/** One of the filters, with its hooks by phase. */
type Member = {
  readonly request: readonly RequestHook[];
  readonly response: readonly ResponseHook[];
  readonly outcome: readonly OutcomeHook[];
};

/** Asks its filters one after the other until one lets the request pass. */
export const buildAnyOf: BuildFilter<"anyOf", readonly unknown[]> = ({ filters }, services, previous) => {
  const all = filters.map((filter, index) =>
    // The table pairs each kind with its own builder; that the two agree is beyond what an index can say.
    (builders[filter.kind] as unknown as BuildAlternative)(filter, placed(services, index), previous?.[index]),
  );
  const members = all.map(({ hooks }): Member => {
    const of = <P extends "request" | "response" | "outcome">(phase: P): readonly HookOf<P>[] =>
      hooks.filter((hook): hook is HookOf<P> => hook.phase === phase);
    return { request: of("request"), response: of("response"), outcome: of("outcome") };
  });
  const claims = all.map(({ claimedTrailers }) => claimedTrailers);
  return {
    hooks: [
      {
        phase: "request",
        onRequest: (request, exchange) => {
          const asked = new Asked(members, request, exchange);
          exchange.state = asked;
          return asked.next();
        },
        cancel: ({ state }) => (state as Asked).cancel(),
      },
      {
        phase: "response",
        onResponse: (response, { state }) => {
          for (const [member, exchange] of (state as Asked | undefined)?.seen ?? []) {
            for (const { onResponse } of member.response) onResponse(response, exchange);
          }
          return undefined;
        },
        cancel: () => {},
      },
      {
        phase: "outcome",
        onOutcome: (outcome, { state }) => {
          for (const [member, exchange] of (state as Asked | undefined)?.seen ?? []) {
            for (const { onOutcome } of member.outcome) onOutcome(outcome, exchange);
          }
        },
      },
    ],
    claimedTrailers: claims.includes("all") ? "all" : claims.flatMap((names) => (names === "all" ? [] : names)),
    carried: all.map(({ carried }) => carried),
  };
};

/** Shared state of one member is no other's. */
function placed(services: FilterServices, index: number): FilterServices {
  return Object.create(services, { place: { value: `${services.place}/${index}`, enumerable: true } });
}

/** The filters as one request asks them. */
class Asked {
  /** Those that have been asked, in order, with what each keeps of the exchange. */
  readonly seen: (readonly [Member, MemberExchange])[] = [];
  readonly #members: readonly Member[];
  readonly #request: RequestHead;
  readonly #exchange: FilterExchange;
  #refusal: Verdict;
  /** A member may resume before it has answered that it waits: the loop goes on with that. */
  #calls = false;
  #resumed: { readonly verdict: Verdict } | undefined;

  constructor(members: readonly Member[], request: RequestHead, exchange: FilterExchange) {
    this.#members = members;
    this.#request = request;
    this.#exchange = exchange;
  }

  /** Asks whoever has not been asked; `undefined`: one has agreed. */
  next(): Verdict | Waiting {
    for (;;) {
      const member = this.#members[this.seen.length];
      if (member === undefined) return this.#refusal;
      const exchange = new MemberExchange(this.#exchange, (verdict) => this.#resume(verdict));
      this.seen.push([member, exchange]);
      const answer = this.#ask(member, exchange);
      if (answer === waiting || this.#isFinal(answer)) return answer;
    }
  }

  cancel(): void {
    const [member, exchange] = this.seen.at(-1) ?? [];
    if (member === undefined || exchange === undefined) return;
    for (const hook of member.request) hook.cancel(exchange);
  }

  /** Every kind of member has one hook for requests. */
  #ask(member: Member, exchange: MemberExchange): Verdict | Waiting {
    const [hook] = member.request;
    this.#resumed = undefined;
    this.#calls = true;
    const answer = hook?.onRequest(this.#request, exchange);
    this.#calls = false;
    const early = this.#resumed as { readonly verdict: Verdict } | undefined;
    return answer === waiting && early !== undefined ? early.verdict : answer;
  }

  #resume(verdict: Verdict): void {
    if (this.#calls) {
      this.#resumed = { verdict };
      return;
    }
    const answer = this.#isFinal(verdict) ? verdict : this.next();
    if (answer !== waiting) this.#exchange.resume(answer);
  }

  /** Permission, and what is no refusal, is the end of it; a refusal is kept while others may agree. */
  #isFinal(verdict: Verdict): boolean {
    if (verdict === undefined || (verdict.status !== 401 && verdict.status !== 403)) return true;
    if (this.#refusal?.status !== 401) this.#refusal = verdict;
    return false;
  }
}

/** The exchange as one member sees it: with a state of its own, and back to the others when it resumes. */
class MemberExchange implements FilterExchange {
  state: unknown;
  readonly #outer: FilterExchange;
  readonly #onResume: (verdict: Verdict) => void;

  constructor(outer: FilterExchange, onResume: (verdict: Verdict) => void) {
    this.#outer = outer;
    this.#onResume = onResume;
  }

  get facts(): FilterExchange["facts"] {
    return this.#outer.facts;
  }

  get established(): FilterExchange["established"] {
    return this.#outer.established;
  }

  resume(verdict: Verdict): void {
    this.#onResume(verdict);
  }
}
