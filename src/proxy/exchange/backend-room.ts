import type { BackendTraffic } from "../upstream/backend-traffic.ts";
import type { CircuitBreaker } from "../upstream/breaker/circuit-breaker.ts";
import type { Limit } from "../upstream/breaker/limit.ts";
import type { Waiter, WaitingLine } from "../upstream/breaker/waiting-line.ts";
import type { EndpointState } from "../upstream/endpoint-state.ts";

/** What one request has of the limits of its backend's policy. */
export class BackendRoom {
  #request: Limit | undefined;
  #retry: Limit | undefined;
  #pending: Limit | undefined;
  /** Where the request waits for a connection; `undefined`: it does not. */
  #line: WaitingLine<EndpointState> | undefined;

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

  /** Waits for a connection, which is not being in flight; false: too many do so already, or nobody may. */
  wait({ breaker, line }: BackendTraffic, waiter: Waiter<EndpointState>): boolean {
    const pending = breaker?.limits.pendingRequests;
    if (pending === undefined || !pending.take()) return false;
    this.giveRequest();
    this.#pending = pending;
    this.#line = line;
    line.add(waiter);
    return true;
  }

  stopWaiting(waiter: Waiter<EndpointState>): void {
    this.#line?.delete(waiter);
    this.#line = undefined;
    this.#pending?.give();
    this.#pending = undefined;
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
