/**
 * What a filter does, by phase of an exchange. A filter is a list of hooks; those of all filters are sorted by phase when a
 * configuration is swapped in, so that a phase without hooks costs nothing. Order: a listener's filters, its rule's, its
 * backend's, each as listed; in the phases of the response the other way round. `docs/design/0009-life-of-a-request.md`.
 */
import type { ContentStream, ContentUse, HeldContent } from "./content.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ExchangeOutcome, FilterExchange, Verdict, Waiting } from "./exchange.ts";
import type { RequestHead, ResponseHead } from "./message.ts";

/** Sees and changes the request's head, answers instead of a backend, or waits first. */
export type RequestHook = {
  readonly phase: "request";
  readonly onRequest: (request: RequestHead, exchange: FilterExchange) => Verdict | Waiting;
  /** Nobody waits for the verdict any more: the exchange is over. Called only while the hook waits. */
  readonly cancel: (exchange: FilterExchange) => void;
};

/**
 * As {@link RequestHook}, once the whole content is there. A request with more than `maxBytes` of it gets 413, or passes without
 * the hook; so does then one for which there is no memory, and a gRPC call.
 */
export type RequestContentHook = {
  readonly phase: "requestContent";
  readonly maxBytes: number;
  readonly above: "refuse" | "pass";
  readonly onContent: (content: HeldContent, request: RequestHead, exchange: FilterExchange) => Verdict | Waiting;
  readonly cancel: (exchange: FilterExchange) => void;
};

/** Names the endpoint that is to be asked, of those that the backend has; the first filter that names one is heard. */
export type EndpointHook = {
  readonly phase: "endpoint";
  readonly prefer: (endpoints: readonly Endpoint[], exchange: FilterExchange) => Endpoint | undefined;
  /** It is asked again even where it has just failed. */
  readonly insists: boolean;
};

/** Follows content as it passes. */
type StreamHook = {
  /** Part of the content, valid during the call. */
  readonly onContent: (bytes: Buffer, stream: ContentStream) => void;
  /** All of it has come. */
  readonly onEnd: (stream: ContentStream) => void;
  /** The exchange is over before the content was. */
  readonly cancel: (stream: ContentStream) => void;
};

/**
 * Follows the request's content, from when the request goes to its backend. `start` is asked once, with the head as it will be
 * sent; of a request without content only `see` counts, and the end comes at once.
 */
export type RequestStreamHook = StreamHook & {
  readonly phase: "requestStream";
  readonly start: (request: RequestHead, exchange: FilterExchange) => ContentUse;
};

/**
 * Sees and changes the head of an answer, also of the gateway's own (`response.source`), or puts another answer in its place;
 * may wait first. An answer that replaces another begins without what was done to that one; filters whose turn is still to come see it.
 */
export type ResponseHook = {
  readonly phase: "response";
  readonly onResponse: (response: ResponseHead, exchange: FilterExchange) => Verdict | Waiting;
  readonly cancel: (exchange: FilterExchange) => void;
};

/**
 * Follows the content of a backend's answer. Not asked for answers without content, for tunnels and for the gateway's own.
 * `start` may still change the head, for nothing of it has gone out: a filter that encodes content says so there.
 */
export type ResponseStreamHook = StreamHook & {
  readonly phase: "responseStream";
  readonly start: (response: ResponseHead, exchange: FilterExchange) => ContentUse;
};

/** Learns how the exchange ended: exactly once for every request that reached this filter's list, however it ended. */
export type OutcomeHook = {
  readonly phase: "outcome";
  readonly onOutcome: (outcome: ExchangeOutcome, exchange: FilterExchange) => void;
};

export type FilterHook =
  | RequestHook
  | RequestContentHook
  | EndpointHook
  | RequestStreamHook
  | ResponseHook
  | ResponseStreamHook
  | OutcomeHook;

export type FilterPhase = FilterHook["phase"];

/** The hook of one phase. */
export type HookOf<P extends FilterPhase> = Extract<FilterHook, { readonly phase: P }>;

const neverWaits = (): void => {};

/** A request hook that never waits. */
export function onRequest(decide: (request: RequestHead, exchange: FilterExchange) => Verdict): RequestHook {
  return { phase: "request", onRequest: decide, cancel: neverWaits };
}

/** A response hook that never waits. */
export function onResponse(decide: (response: ResponseHead, exchange: FilterExchange) => Verdict): ResponseHook {
  return { phase: "response", onResponse: decide, cancel: neverWaits };
}

export function onOutcome(learn: (outcome: ExchangeOutcome, exchange: FilterExchange) => void): OutcomeHook {
  return { phase: "outcome", onOutcome: learn };
}
