import type { RouteRuntime } from "../route-runtime.ts";
import type { ExchangeState } from "./exchange-state.ts";

/** Longest time that a timer can be set to. */
const maxTimerMs = 0x7fff_ffff;

/** Whose time is limited. */
export interface TimeLimitHost {
  readonly state: Pick<ExchangeState, "request" | "outcome" | "startMs">;
  onTimeLimit(): void;
}

/** How long a request may take as a whole: what its route and listener say and, of a gRPC call, what the client asks for. */
export class TimeLimit {
  readonly #host: TimeLimitHost;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: TimeLimitHost) {
    this.#host = host;
  }

  /** Begins to count, from when the request came. False: what the client asks for is malformed. */
  begin(route: RouteRuntime): boolean {
    const routeMs = route.timeLimitMs;
    const limitMs = this.#host.state.outcome.grpc ? this.#callMs(routeMs) : routeMs;
    if (limitMs === "malformed") return false;
    if (limitMs <= maxTimerMs) this.#timer = setTimeout(onTimeout, limitMs, this.#host);
    return true;
  }

  /** The request has become a tunnel: only what limits streams still counts. */
  onTunnel(route: RouteRuntime): void {
    this.clear();
    const leftMs = this.#host.state.startMs + route.streamLimitMs - performance.now();
    if (leftMs <= maxTimerMs) this.#timer = setTimeout(onTimeout, Math.max(0, leftMs), this.#host);
  }

  clear(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The shorter time of the route's and the client's; the backend is told of it too. gRPC over HTTP/2, "grpc-timeout". */
  #callMs(routeMs: number): number | "malformed" {
    const { request, startMs } = this.#host.state;
    const clientMs = request.grpcTimeoutMs();
    if (clientMs === "malformed") return clientMs;
    if (clientMs !== undefined) request.deadlineMs = startMs + clientMs;
    request.deadlineMs = Math.min(request.deadlineMs, startMs + routeMs);
    return Math.max(0, request.deadlineMs - startMs);
  }
}

function onTimeout(host: TimeLimitHost): void {
  host.onTimeLimit();
}
