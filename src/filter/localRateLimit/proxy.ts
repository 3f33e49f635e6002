import { type BuildFilter, built, type FilterOfKind, type FilterServices } from "../contract/build.ts";
import type { FilterExchange, Verdict } from "../contract/exchange.ts";
import { type FilterHook, onOutcome, onRequest, onResponse } from "../contract/hook.ts";
import type { RequestHead } from "../contract/message.ts";
import { type LimitCounters, makeLimitCounters } from "../rateLimit/limit-counters.ts";
import { setQuotaHeaders } from "../rateLimit/quota.ts";
import { tooMany } from "../rateLimit/refusal.ts";
import { LocalLimit } from "./local-limit.ts";

/** What the limits have said of a request. */
type Admission = {
  /** The one that is closest to being exceeded, or was, with what is left of it; `undefined`: all are in shadow mode. */
  readonly limit: LocalLimit | undefined;
  readonly left: number;
  readonly refused: boolean;
  /** Whose bucket pays for the answer. */
  readonly charges: readonly Charge[];
};

type Charge = { readonly limit: LocalLimit; readonly key: string };

const noCharges: readonly Charge[] = [];

/**
 * Limits requests by token buckets that the process keeps. Every rule that is about a request counts, the strictest first,
 * until one refuses; rules without selectors are about the requests that no other rule is about. Spec: LocalRateLimit of
 * Envoy Gateway, local rate limit filter of Envoy.
 */
export const buildLocalRateLimit: BuildFilter<"localRateLimit"> = (filter, services) => {
  const limiter = new LocalLimiter(filter, services);
  const hooks: FilterHook[] = [onRequest((request, exchange) => limiter.admit(request, exchange))];
  if (filter.rules.some(({ tells }) => tells)) {
    hooks.push(
      onResponse((response, { state }) => {
        const admission = state as Admission | undefined;
        // What another limit has refused says so itself.
        if (admission === undefined || (response.flag === "RL" && !admission.refused)) return undefined;
        const { limit, left } = admission;
        if (limit?.rule.tells) setQuotaHeaders(response, limit.quota(left));
        return undefined;
      }),
    );
  }
  if (filter.rules.some(({ responseCost }) => responseCost > 0)) {
    hooks.push(
      onOutcome((_outcome, { state }) => {
        for (const { limit, key } of (state as Admission | undefined)?.charges ?? noCharges) limit.charge(key);
      }),
    );
  }
  return built(...hooks);
};

class LocalLimiter {
  readonly #status: number;
  /** Rules with selectors, then those without: the first list with a rule that is about a request counts. */
  readonly #lists: readonly (readonly LocalLimit[])[];
  readonly #counters: LimitCounters;

  constructor({ rules, status }: FilterOfKind<"localRateLimit">, services: FilterServices) {
    this.#status = status;
    this.#counters = makeLimitCounters("local", services);
    // Strictest first, as Envoy orders them.
    const limits = rules
      .map((rule) => new LocalLimit(rule, services))
      .toSorted((a, b) => a.refillPerSecond - b.refillPerSecond);
    const isSelective = ({ rule }: LocalLimit): boolean => rule.selectors.length > 0;
    this.#lists = [limits.filter(isSelective), limits.filter((limit) => !isSelective(limit))];
  }

  admit(request: RequestHead, exchange: FilterExchange): Verdict {
    for (const limits of this.#lists) {
      const verdict = this.#ask(limits, request, exchange);
      if (verdict !== "notMeant") return verdict;
    }
    return undefined;
  }

  #ask(limits: readonly LocalLimit[], request: RequestHead, exchange: FilterExchange): Verdict | "notMeant" {
    let charges = noCharges;
    let closest: LocalLimit | undefined;
    let least = Number.POSITIVE_INFINITY;
    let isMeant = false;
    for (const limit of limits) {
      const key = limit.keyOf(request, exchange);
      if (key === undefined) continue;
      isMeant = true;
      const { taken, left, waitMs } = limit.take(key);
      const { shadow, responseCost } = limit.rule;
      if (!taken && !shadow) {
        exchange.state = { limit, left, refused: true, charges: noCharges } satisfies Admission;
        this.#counters.limited.add(1);
        return tooMany(this.#status, waitMs);
      }
      if (!taken) this.#counters.shadow.add(1);
      if (!shadow && left < least) {
        closest = limit;
        least = left;
      }
      if (responseCost > 0) charges = [...charges, { limit, key }];
    }
    if (!isMeant) return "notMeant";
    this.#counters.admitted.add(1);
    exchange.state = { limit: closest, left: least, refused: false, charges } satisfies Admission;
    return undefined;
  }
}
