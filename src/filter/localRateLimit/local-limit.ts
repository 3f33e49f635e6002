import { limitUnitSeconds, type RateLimitRule } from "../../ir/rate-limit.ts";
import type { FilterServices } from "../contract/build.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import type { RequestHead } from "../contract/message.ts";
import type { BucketAnswer, TokenBuckets } from "../contract/shared-state.ts";
import { boundedKey, buildClientKey, type ClientKey } from "../rateLimit/client-key.ts";
import type { Quota } from "../rateLimit/quota.ts";
import { tableName } from "../rateLimit/table-name.ts";

/** Clients that one rule tells apart. A further one takes the place of the one that was not seen for longest. */
export const maxClients = 65_536;

/** One rule with the buckets of its clients. */
export class LocalLimit {
  readonly rule: RateLimitRule;
  readonly refillPerSecond: number;
  readonly #buckets: TokenBuckets;
  readonly #secret: Buffer;
  readonly #isMeant: ClientKey;

  constructor(rule: RateLimitRule, services: FilterServices) {
    this.rule = rule;
    this.#isMeant = buildClientKey(rule.selectors);
    this.#secret = services.signingKey;
    this.refillPerSecond = rule.requests / limitUnitSeconds[rule.unit];
    this.#buckets = services.shared.tokenBuckets(tableName(rule.counter, services), {
      capacity: rule.burst,
      refillPerSecond: this.refillPerSecond,
      maxKeys: maxClients,
    });
  }

  /** The bucket of a request; `undefined`: the rule is not about it. */
  keyOf(request: RequestHead, exchange: FilterExchange): string | undefined {
    const key = this.#isMeant(request, exchange);
    return key === undefined ? undefined : boundedKey(key, this.#secret);
  }

  /** Takes what a request costs. One that costs nothing needs a token to be there. */
  take(key: string): BucketAnswer {
    const { requestCost } = this.rule;
    const answer = this.#buckets.take(key, requestCost);
    if (requestCost > 0 || answer.left > 0) return answer;
    return { taken: false, left: answer.left, waitMs: 1_000 / this.refillPerSecond };
  }

  /** Takes what the answer costs. */
  charge(key: string): void {
    this.#buckets.charge(key, this.rule.responseCost);
  }

  quota(left: number): Quota {
    const { rule } = this;
    const resetSeconds = rule.requests === 0 ? 0 : Math.ceil((rule.burst - left) / this.refillPerSecond);
    return { rule, left, resetSeconds };
  }
}
