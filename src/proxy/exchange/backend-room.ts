import type { CircuitBreaker } from "../upstream/breaker/circuit-breaker.ts";
import type { Limit } from "../upstream/breaker/limit.ts";

/** What one request has of the limits of its backend's policy. */
export class BackendRoom {
  #request: Limit | undefined;
  #retry: Limit | undefined;

  /** For the next attempt; false: too many requests are in flight. */
  takeRequest(breaker: CircuitBreaker | undefined): boolean {
    const limit = breaker?.limits.parallelRequests;
    if (limit === undefined) return true;
    if (!limit.take()) return false;
    this.#request = limit;
    return true;
  }

  /** From the first retry on, its pause included; false: too many are going on. */
  takeRetry(breaker: CircuitBreaker | undefined): boolean {
    const limit = breaker?.limits.parallelRetries;
    if (limit === undefined || this.#retry !== undefined) return true;
    if (!limit.take()) return false;
    this.#retry = limit;
    return true;
  }

  /** The attempt is over. */
  giveRequest(): void {
    this.#request?.give();
    this.#request = undefined;
  }

  /** The request is over. */
  leave(): void {
    this.giveRequest();
    this.#retry?.give();
    this.#retry = undefined;
  }
}
