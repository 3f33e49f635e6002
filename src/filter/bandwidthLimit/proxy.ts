import type { Bandwidth } from "../../ir/rate-limit.ts";
import { type BuildFilter, built, type FilterServices } from "../contract/build.ts";
import type { ContentStream } from "../contract/content.ts";
import type { FilterExchange } from "../contract/exchange.ts";
import type { FilterHook } from "../contract/hook.ts";
import { tableName } from "../rateLimit/table-name.ts";
import { burstBytes, paceOfAnswer } from "./pace-of-answer.ts";
import { type Pace, PacedContent } from "./paced-content.ts";

/** Both directions of one exchange, as far as they are limited and have begun. */
type Directions = {
  request: PacedContent | undefined;
  response: PacedContent | undefined;
  answer: PacedContent | undefined;
};

/**
 * Limits how fast content flows, for all requests of a rule together, by holding its source back. Spec: BandwidthLimit of Envoy
 * Gateway, bandwidth limit filter of Envoy.
 */
export const buildBandwidthLimit: BuildFilter<"bandwidthLimit"> = (filter, services) => {
  const hooks: FilterHook[] = [];
  if (filter.request !== undefined) {
    const pace = makePace(filter.request, services);
    hooks.push({
      phase: "requestStream",
      start: (_request, exchange) => {
        directionsOf(exchange).request = new PacedContent(pace);
        return "pace";
      },
      onContent: (bytes, stream) => directionsOf(stream.exchange).request?.push(bytes, stream),
      onEnd: (stream) => directionsOf(stream.exchange).request?.finish(() => stream.end()),
      cancel: ({ exchange }) => directionsOf(exchange).request?.cancel(),
    });
  }
  if (filter.response !== undefined) {
    const { trailerPrefix } = filter.response;
    const pace = makePace(filter.response, services);
    hooks.push({
      phase: "responseStream",
      start: (_response, exchange) => {
        directionsOf(exchange).response = new PacedContent(pace);
        // Behind content with a length there are no trailers.
        return trailerPrefix === undefined ? "pace" : "change";
      },
      onContent: (bytes, stream) => directionsOf(stream.exchange).response?.push(bytes, stream),
      onEnd: (stream) =>
        directionsOf(stream.exchange).response?.finish(() => {
          if (trailerPrefix !== undefined) tellDelays(stream, trailerPrefix);
          stream.end();
        }),
      cancel: ({ exchange }) => directionsOf(exchange).response?.cancel(),
    });
  }
  const { eachAnswer } = filter;
  if (eachAnswer !== undefined) {
    hooks.push({
      phase: "responseStream",
      start: (_response, exchange) => {
        directionsOf(exchange).answer = new PacedContent(paceOfAnswer(eachAnswer, services.clock));
        return "pace";
      },
      onContent: (bytes, stream) => directionsOf(stream.exchange).answer?.push(bytes, stream),
      onEnd: (stream) => directionsOf(stream.exchange).answer?.finish(() => stream.end()),
      cancel: ({ exchange }) => directionsOf(exchange).answer?.cancel(),
    });
  }
  return built(...hooks);
};

function makePace({ counter, bytesPerSecond }: Bandwidth, services: FilterServices): Pace {
  const { shared, clock } = services;
  const capacity = burstBytes(bytesPerSecond);
  const buckets = shared.tokenBuckets(tableName(counter, services), {
    capacity,
    refillPerSecond: bytesPerSecond,
    maxKeys: 1,
  });
  return { take: (bytes) => buckets.take("", bytes), capacity, clock };
}

function directionsOf(exchange: FilterExchange): Directions {
  exchange.state ??= { request: undefined, response: undefined, answer: undefined } satisfies Directions;
  return exchange.state as Directions;
}

function tellDelays({ exchange, trailers }: ContentStream, prefix: string): void {
  const { request, response } = directionsOf(exchange);
  for (const [name, content] of [["request", request] as const, ["response", response] as const]) {
    if (content === undefined) continue;
    trailers.push([`${prefix}bandwidth-${name}-delay-ms`, String(Math.round(content.totalMs))]);
    trailers.push([`${prefix}bandwidth-${name}-filter-delay-ms`, String(Math.round(content.delayMs))]);
  }
}
