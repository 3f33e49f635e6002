import type { RateLimitRule } from "../../ir/rate-limit.ts";
import { type BuildFilter, built, type FilterOfKind, type FilterServices } from "../contract/build.ts";
import { type FilterExchange, type Verdict, type Waiting, waiting } from "../contract/exchange.ts";
import { type FilterHook, onOutcome, onResponse } from "../contract/hook.ts";
import { type LocalReply, problem } from "../contract/local-reply.ts";
import type { RequestHead } from "../contract/message.ts";
import type { OwnRequest } from "../contract/own-request.ts";
import { buildClientKey, type ClientKey } from "../rateLimit/client-key.ts";
import { type LimitCounters, makeLimitCounters } from "../rateLimit/limit-counters.ts";
import { type Quota, setQuotaHeaders } from "../rateLimit/quota.ts";
import { tooMany } from "../rateLimit/refusal.ts";
import { tableName } from "../rateLimit/table-name.ts";
import { buildDescriptor, type DescriptorBuilder } from "./descriptor.ts";
import { type LimitAnswer, type LimitAsk, type LimitCaller, type LimitStore, noStore } from "./limit-store.ts";
import { RedisStore } from "./redis-store.ts";
import { ServiceStore } from "./service-store.ts";

type GlobalRateLimit = FilterOfKind<"globalRateLimit">;

/** Nobody says whether the limit is kept, and the policy lets nothing pass then: as Envoy's `failure_mode_deny`. */
const unavailable: LocalReply = problem(500, "RLSE", "The request's limits could not be looked up.");

/**
 * Limits requests by what another server counts for all gateways together. Every rule that is about a request counts. Spec:
 * GlobalRateLimit of Envoy Gateway, rate limit filter of Envoy.
 */
export const buildGlobalRateLimit: BuildFilter<"globalRateLimit"> = (filter, services) => {
  const limiter = new GlobalLimits(filter, services);
  const hooks: FilterHook[] = [
    {
      phase: "request",
      onRequest: (request, exchange) => limiter.admit(request, exchange),
      cancel: ({ state }) => (state as GlobalCall).cancel(),
    },
  ];
  if (filter.rules.some(({ tells }) => tells)) {
    hooks.push(
      onResponse((response, { state }) => {
        const quota = (state as GlobalCall | undefined)?.quota;
        if (quota?.rule.tells) setQuotaHeaders(response, quota);
        return undefined;
      }),
    );
  }
  if (filter.rules.some(({ responseCost }) => responseCost > 0)) {
    hooks.push(onOutcome((_outcome, { state }) => (state as GlobalCall | undefined)?.pay()));
  }
  return built(...hooks);
};

type Limit = {
  readonly rule: RateLimitRule;
  readonly table: string;
  readonly keyOf: ClientKey;
  readonly describe: DescriptorBuilder;
};

class GlobalLimits {
  readonly filter: GlobalRateLimit;
  readonly store: LimitStore;
  readonly counters: LimitCounters;
  readonly #limits: readonly Limit[];

  constructor(filter: GlobalRateLimit, services: FilterServices) {
    this.filter = filter;
    this.store = makeStore(filter, services);
    this.counters = makeLimitCounters(filter.limiter.kind, services);
    this.#limits = filter.rules.map((rule, index): Limit => {
      const table = tableName(rule.counter, services);
      const place = rule.counter.shared ? rule.counter.name : services.place;
      return { rule, table, keyOf: buildClientKey(rule.selectors), describe: buildDescriptor(rule, { place, index }) };
    });
  }

  admit(request: RequestHead, exchange: FilterExchange): Verdict | Waiting {
    const asks: LimitAsk[] = [];
    for (const { rule, table, keyOf, describe } of this.#limits) {
      const key = keyOf(request, exchange);
      if (key !== undefined) asks.push({ rule, table, key, entries: describe(request, exchange) });
    }
    if (asks.length === 0) return undefined;
    const call = new GlobalCall(this, asks, exchange);
    exchange.state = call;
    return call.ask();
  }
}

/** What the limits of one request have said. */
class GlobalCall implements LimitCaller {
  /** Of the limit that is closest to being exceeded, or was. */
  quota: Quota | undefined;
  readonly #limits: GlobalLimits;
  readonly #asks: readonly LimitAsk[];
  readonly #exchange: FilterExchange;
  #question: OwnRequest | undefined;
  #admitted = false;

  constructor(limits: GlobalLimits, asks: readonly LimitAsk[], exchange: FilterExchange) {
    this.#limits = limits;
    this.#asks = asks;
    this.#exchange = exchange;
  }

  ask(): Waiting {
    this.#question = this.#limits.store.take(this.#asks, this);
    return waiting;
  }

  cancel(): void {
    this.#question?.cancel();
  }

  onAnswers(answers: readonly LimitAnswer[]): void {
    const { filter, counters } = this.#limits;
    let refusedMs = -1;
    answers.forEach(({ taken, left, waitMs, resetMs }, index) => {
      const { rule } = this.#asks[index]!;
      if (!taken && rule.shadow) counters.shadow.add(1);
      if (rule.shadow) return;
      if (!taken) refusedMs = Math.max(refusedMs, waitMs);
      const isClosest = this.quota === undefined || left < this.quota.left;
      if (isClosest) this.quota = { rule, left, resetSeconds: Math.ceil(resetMs / 1_000) };
    });
    if (refusedMs < 0) {
      counters.admitted.add(1);
      this.#admitted = true;
      this.#exchange.resume(undefined);
      return;
    }
    counters.limited.add(1);
    this.#exchange.resume(tooMany(filter.status, refusedMs));
  }

  onFailure(): void {
    const { filter, counters } = this.#limits;
    counters.failed.add(1);
    this.#admitted = filter.onFailure === "open";
    this.#exchange.resume(this.#admitted ? undefined : unavailable);
  }

  /** The answer has ended: it is paid for. */
  pay(): void {
    const dear = this.#admitted ? this.#asks.filter(({ rule }) => rule.responseCost > 0) : [];
    if (dear.length > 0) this.#limits.store.charge(dear);
  }
}

function makeStore({ limiter, timeoutMs }: GlobalRateLimit, services: FilterServices): LimitStore {
  const cluster = limiter.cluster === undefined ? undefined : services.cluster(limiter.cluster);
  if (cluster === undefined) return noStore;
  if (limiter.kind === "service") return new ServiceStore({ cluster, domain: limiter.domain, timeoutMs }, services);
  const { database, username } = limiter;
  const password = readPassword(limiter.password, services);
  // Without what it asks for nobody would be let in there.
  if (password === "missing") return noStore;
  return new RedisStore({ cluster, database, username, password: password?.text }, timeoutMs, services);
}

function readPassword(
  key: string | undefined,
  services: FilterServices,
): { readonly text: string } | "missing" | undefined {
  if (key === undefined) return undefined;
  const material = services.secret(key);
  if (material?.kind !== "opaque") return "missing";
  return { text: Buffer.from(material.bytesBase64, "base64").toString() };
}
