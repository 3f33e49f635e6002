import type { RateLimitRule } from "../../ir/rate-limit.ts";
import type { OwnRequest } from "../contract/own-request.ts";

/** One limit that a request is about. */
export type LimitAsk = {
  readonly rule: RateLimitRule;
  /** Of all gateways that count this rule here: the name of what is counted. */
  readonly table: string;
  /** Whom the request counts for. */
  readonly key: string;
  /** The same as a rate limit service is told it. */
  readonly entries: readonly (readonly [key: string, value: string])[];
};

/** What is said of one limit. */
export type LimitAnswer = {
  readonly taken: boolean;
  readonly left: number;
  /** Until it may be asked again; 0 when it was taken. Milliseconds. */
  readonly waitMs: number;
  /** Until the whole limit is there again. Milliseconds. */
  readonly resetMs: number;
};

/** Told once, unless the question is cancelled; perhaps before it was put. */
export interface LimitCaller {
  /** One answer for each limit, in their order. */
  onAnswers(answers: readonly LimitAnswer[]): void;
  onFailure(): void;
}

/** Where limits are counted for all gateways together. Bounded in time; asked about all limits of a request at once. */
export interface LimitStore {
  /** Takes what a request costs. */
  take(asks: readonly LimitAsk[], caller: LimitCaller): OwnRequest;
  /** Takes what an answer costs, whether it is there or not. Nobody waits for it. */
  charge(asks: readonly LimitAsk[]): void;
}

/** Nobody can be asked: the reference did not resolve. */
export const noStore: LimitStore = {
  take: (_asks, caller) => {
    caller.onFailure();
    return { cancel() {} };
  },
  charge() {},
};
