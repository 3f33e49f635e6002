import {
  decodeRateLimitResponse,
  encodeRateLimitRequest,
  type LimitStatus,
  shouldRateLimitPath,
} from "../../wire/rate-limit-service.ts";
import type { FilterServices } from "../contract/build.ts";
import type { UpstreamCluster } from "../contract/endpoint.ts";
import type { OwnAnswer, OwnRequest, OwnRequestCaller } from "../contract/own-request.ts";
import { readGrpcMessage, writeGrpcCall } from "../grpcCall/grpc-call.ts";
import type { LimitAnswer, LimitAsk, LimitCaller, LimitStore } from "./limit-store.ts";

/** Largest answer of a service. Bytes. */
const maxAnswerBytes = 64 * 1_024;

/** Counts by a rate limit service, which is told the limits with each question. */
export class ServiceStore implements LimitStore {
  readonly #to: { readonly cluster: UpstreamCluster; readonly domain: string; readonly timeoutMs: number };
  readonly #requests: FilterServices["requests"];

  constructor(
    to: { readonly cluster: UpstreamCluster; readonly domain: string; readonly timeoutMs: number },
    { requests }: FilterServices,
  ) {
    this.#to = to;
    this.#requests = requests;
  }

  take(asks: readonly LimitAsk[], caller: LimitCaller): OwnRequest {
    return this.#ask(
      asks,
      asks.map(({ rule }) => rule.requestCost),
      new ServiceCall(asks, caller),
    );
  }

  charge(asks: readonly LimitAsk[]): void {
    this.#ask(
      asks,
      asks.map(({ rule }) => rule.responseCost),
      { onAnswer() {}, onFailure() {} },
    );
  }

  #ask(asks: readonly LimitAsk[], hits: readonly number[], caller: OwnRequestCaller): OwnRequest {
    const { cluster, domain, timeoutMs } = this.#to;
    const descriptors = asks.map(({ entries, rule }, index) => ({ entries, limit: rule, hits: hits[index]! }));
    const message = encodeRateLimitRequest(domain, descriptors);
    return this.#requests.send(
      writeGrpcCall(shouldRateLimitPath, message, { cluster: cluster.cluster, timeoutMs }),
      // Twice is counted twice; but a connection that turns out to be closed has counted nothing.
      { cluster, timeoutMs, maxAnswerBytes, repeatable: true, client: undefined },
      caller,
    );
  }
}

class ServiceCall implements OwnRequestCaller {
  readonly #asks: readonly LimitAsk[];
  readonly #caller: LimitCaller;

  constructor(asks: readonly LimitAsk[], caller: LimitCaller) {
    this.#asks = asks;
    this.#caller = caller;
  }

  onAnswer(answer: OwnAnswer): void {
    const message = readGrpcMessage(answer);
    const statuses = message && decodeRateLimitResponse(message, this.#asks.length);
    if (statuses === undefined) this.#caller.onFailure();
    else this.#caller.onAnswers(statuses.map(answerOf));
  }

  onFailure(): void {
    this.#caller.onFailure();
  }
}

function answerOf({ over, remaining, resetMs }: LimitStatus): LimitAnswer {
  return { taken: !over, left: remaining, waitMs: over ? resetMs : 0, resetMs };
}
