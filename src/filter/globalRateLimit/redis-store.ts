import { createHash } from "node:crypto";
import { limitUnitSeconds } from "../../ir/rate-limit.ts";
import type { FilterServices } from "../contract/build.ts";
import type { OwnRequest } from "../contract/own-request.ts";
import type { RedisCaller, RedisServer } from "../contract/redis.ts";
import { gcraResults, gcraScript } from "./gcra-script.ts";
import type { LimitAnswer, LimitAsk, LimitCaller, LimitStore } from "./limit-store.ts";

/** Modes of the script. */
const modes = { refuses: 0, reports: 1, takes: 2 } as const;

/** Counts on a Redis or Valkey server, in one round trip for all limits of a request. */
export class RedisStore implements LimitStore {
  readonly #server: RedisServer;
  readonly #timeoutMs: number;
  readonly #redis: FilterServices["redis"];

  constructor(server: RedisServer, timeoutMs: number, { redis }: FilterServices) {
    this.#server = server;
    this.#timeoutMs = timeoutMs;
    this.#redis = redis;
    redis.connect(server);
  }

  take(asks: readonly LimitAsk[], caller: LimitCaller): OwnRequest {
    const args = asks.flatMap(({ rule }) =>
      argumentsOf(rule, rule.requestCost, rule.shadow ? modes.reports : modes.refuses),
    );
    return this.#call(asks, args, {
      onNumbers: (numbers) => {
        const answers = readAnswers(numbers, asks.length);
        if (answers === undefined) caller.onFailure();
        else caller.onAnswers(answers);
      },
      onFailure: () => caller.onFailure(),
    });
  }

  charge(asks: readonly LimitAsk[]): void {
    const args = asks.flatMap(({ rule }) => argumentsOf(rule, rule.responseCost, modes.takes));
    this.#call(asks, args, { onNumbers() {}, onFailure() {} });
  }

  #call(asks: readonly LimitAsk[], args: readonly number[], caller: RedisCaller): OwnRequest {
    const run = { script: gcraScript, keys: asks.map(redisKey), args, timeoutMs: this.#timeoutMs };
    return this.#redis.call(this.#server, run, caller);
  }
}

/** A digest: what clients are told apart by may be a secret of theirs, and no business of whoever looks into the server. */
function redisKey({ table, key }: LimitAsk): string {
  const digest = createHash("sha256").update(`${table.length}:${table}${key}`).digest("base64url").slice(0, 24);
  return `sluice:limit:${digest}`;
}

function argumentsOf(rule: LimitAsk["rule"], cost: number, mode: number): readonly number[] {
  const { requests, unit, burst } = rule;
  return [(limitUnitSeconds[unit] * 1_000) / Math.max(1, requests), burst, cost, mode];
}

function readAnswers(numbers: readonly number[], asked: number): readonly LimitAnswer[] | undefined {
  if (numbers.length !== asked * gcraResults) return undefined;
  return Array.from({ length: asked }, (_, index) => {
    const [taken, left, waitMs, resetMs] = numbers.slice(index * gcraResults, (index + 1) * gcraResults);
    return {
      taken: taken === 1,
      left: left!,
      waitMs: waitMs! < 0 ? Number.POSITIVE_INFINITY : waitMs!,
      resetMs: resetMs!,
    };
  });
}
