import type { Exchange } from "../exchange.ts";
import type { RouteRuntime } from "../route-runtime.ts";

/** Longest time that a timer can be set to. */
const maxTimerMs = 0x7fff_ffff;

/** How long a request may take as a whole: what its route says and, of a gRPC call, what the client asks for. */
export class TimeLimit {
  readonly #exchange: Exchange;
  #timer: NodeJS.Timeout | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Begins to count, from when the request came. False: what the client asks for is malformed. */
  begin(route: RouteRuntime): boolean {
    const { requestMs } = route.rule.rule.timeouts;
    const routeMs = requestMs > 0 ? requestMs : Number.POSITIVE_INFINITY;
    const limitMs = this.#exchange.outcome.grpc ? this.#callMs(routeMs) : routeMs;
    if (limitMs === "malformed") return false;
    if (limitMs <= maxTimerMs) this.#timer = setTimeout(onTimeout, limitMs, this.#exchange);
    return true;
  }

  clear(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The shorter time of the route's and the client's; the backend is told of it too. gRPC over HTTP/2, "grpc-timeout". */
  #callMs(routeMs: number): number | "malformed" {
    const { request, record } = this.#exchange;
    const clientMs = request.grpcTimeoutMs();
    if (clientMs === "malformed") return clientMs;
    if (clientMs !== undefined) request.deadlineMs = record.startMs + clientMs;
    request.deadlineMs = Math.min(request.deadlineMs, record.startMs + routeMs);
    return Math.max(0, request.deadlineMs - record.startMs);
  }
}

function onTimeout(exchange: Exchange): void {
  exchange.fail("routeTimeout");
}
