import type { BuildFilter, BuiltFilter, FilterOfKind } from "../contract/build.ts";
import { type FilterExchange, waiting } from "../contract/exchange.ts";
import { type LocalReply, page, problem } from "../contract/local-reply.ts";

type Abort = NonNullable<FilterOfKind<"faultInjection">["abort"]>;

/**
 * Delays a share of the requests and answers a share of them with an error, to see how clients bear it. Both are drawn for each
 * request by themselves; a request that gets both waits first. Spec: FaultInjection of Envoy Gateway.
 */
export const buildFaultInjection: BuildFilter<"faultInjection"> = (
  { delay, abort },
  services,
): BuiltFilter<undefined> => {
  const { from, random, telemetry } = services;
  const labels = [from.kind, from.namespace, from.name] as const;
  const delayed = telemetry.counter("gateway_http_injected_faults_total", ...labels, "delay");
  const aborted = telemetry.counter("gateway_http_injected_faults_total", ...labels, "abort");
  const reply = abort === undefined ? undefined : replyOf(abort);
  const draws = (percent: number): boolean => percent >= 100 || random() * 100 < percent;
  const decide = (): LocalReply | undefined => {
    if (abort === undefined || !draws(abort.percent)) return undefined;
    aborted.add(1);
    return reply;
  };
  return {
    hooks: [
      {
        phase: "request",
        onRequest: (_request, exchange) => {
          if (delay === undefined || !draws(delay.percent)) return decide();
          delayed.add(1);
          exchange.state = setTimeout(() => exchange.resume(decide()), delay.ms);
          return waiting;
        },
        cancel,
      },
    ],
    claimedTrailers: [],
    carried: undefined,
  };
};

function cancel({ state }: FilterExchange): void {
  clearTimeout(state as NodeJS.Timeout);
}

const message = "A fault was injected.";

/** A gRPC status is told to all; clients that do not speak gRPC see the HTTP status that it stands for. */
function replyOf(abort: Abort): LocalReply {
  if (abort.grpcStatus !== undefined) {
    return { ...problem(httpStatusFor(abort.grpcStatus), "FI", message), grpcStatus: abort.grpcStatus };
  }
  const status = abort.httpStatus ?? 500;
  return status >= 400 ? problem(status, "FI", message) : { ...page(status, []), flag: "FI" };
}

/** Spec: google.rpc.Code, "HTTP Mapping". Those of success are no failure that a client could see. */
const httpStatuses: Readonly<Record<number, number>> = {
  1: 499,
  3: 400,
  4: 504,
  5: 404,
  6: 409,
  7: 403,
  8: 429,
  9: 400,
  10: 409,
  11: 400,
  12: 501,
  14: 503,
  16: 401,
};

function httpStatusFor(grpcStatus: number): number {
  return httpStatuses[grpcStatus] ?? 500;
}
