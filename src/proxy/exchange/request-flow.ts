import type { LocalReply } from "../../filter/contract/local-reply.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import { ContentFlow, type FlowEnds, type FlowPart } from "./content-flow.ts";
import type { ExchangeState } from "./exchange-state.ts";
import { type FilterPlaces, stages } from "./filter-place.ts";
import type { HeldBody } from "./held-body.ts";

/** What the filters of a request's content need of its exchange. */
export interface RequestFlowHost {
  readonly state: Pick<ExchangeState, "request">;
  readonly places: FilterPlaces;
  readonly body: HeldBody;
  readonly attempts: { readonly taker: { readonly congested: boolean } | undefined };
  /** Body for the backend, in the request's framing. */
  takeBody(bytes: Buffer, start: number, end: number): void;
  endBody(trailers: readonly HeaderField[]): void;
  flushBody(): void;
  refuse(reply: LocalReply): void;
  onBug(error: unknown): void;
}

/** The content of a request on its way past the filters that want it, from when the request goes to its backend. */
export class RequestFlow implements FlowEnds {
  readonly #host: RequestFlowHost;
  #flow: ContentFlow | undefined;

  constructor(host: RequestFlowHost) {
    this.#host = host;
  }

  /** The body is for the filters first. */
  get takes(): boolean {
    return this.#flow !== undefined;
  }

  /** Asks the filters who wants the content. */
  start(): void {
    const { state, places } = this.#host;
    const { request } = state;
    let parts: FlowPart[] | undefined;
    for (const stage of stages) {
      for (const { hook, filter } of places.chain(stage).requestStream) {
        const exchange = places.place(stage, filter);
        const use = hook.start(request, exchange);
        if (use === "pass" || (use !== "see" && request.framing === "none")) continue;
        parts ??= [];
        parts.push({ hook, exchange, use });
      }
    }
    if (parts === undefined) return;
    const { framing } = request;
    const flow = new ContentFlow(parts, framing === "chunked" ? "chunked" : "content", this);
    this.#flow = flow;
    const isChanged = parts.some(({ use }) => use === "change");
    // Nobody knows how long it becomes, and chunks do not pass filters as they are.
    if (!flow.isTap && (isChanged || framing === "chunked")) request.setContentLength(undefined);
  }

  /** Takes what has come of the body before the filters were asked. */
  takeHeld(): void {
    const flow = this.#flow;
    if (flow === undefined) return;
    const { body } = this.#host;
    const { complete, trailers } = body;
    if (flow.isTap) {
      flow.push(body.buffer.bytes, 0, body.buffer.length);
      if (complete) this.#finishTap(flow, trailers);
      return;
    }
    const held = body.takeOut();
    body.complete = false;
    // The client may have been stopped because what it sent had nowhere to go: now the filters have it, and may stop it themselves.
    body.resume("endpoint");
    flow.push(held, 0, held.length);
    if (complete) flow.finish(trailers);
  }

  push(bytes: Buffer, start: number, end: number): void {
    const flow = this.#flow!;
    flow.push(bytes, start, end);
    if (flow.isTap && this.#flow === flow) this.#host.takeBody(bytes, start, end);
  }

  /** The client has sent all of it; `trailers` are those of a body without framing. */
  finish(trailers: readonly HeaderField[]): void {
    const flow = this.#flow!;
    if (!flow.isTap) {
      flow.finish(trailers);
      return;
    }
    this.#finishTap(flow, trailers);
    if (this.#flow === undefined) this.#host.endBody(trailers);
  }

  /** The body is not wanted any more. */
  cancel(): void {
    const flow = this.#flow;
    this.#flow = undefined;
    flow?.cancel();
  }

  get congested(): boolean {
    return this.#host.attempts.taker?.congested === true;
  }

  write(bytes: Buffer, start: number, end: number): void {
    this.#host.takeBody(bytes, start, end);
  }

  end(trailers: readonly HeaderField[]): void {
    this.#flow = undefined;
    this.#host.endBody(trailers);
  }

  flush(): void {
    this.#host.flushBody();
  }

  pauseSource(): void {
    this.#host.body.pause("filter");
  }

  resumeSource(): void {
    this.#host.body.resume("filter");
  }

  refuse(reply: LocalReply): void {
    this.#host.refuse(reply);
  }

  onBug(error: unknown): void {
    this.#host.onBug(error);
  }

  #finishTap(flow: ContentFlow, trailers: readonly HeaderField[]): void {
    flow.finish(trailers);
    this.#flow = undefined;
  }
}
