import type { LocalReply, Problem } from "../../filter/contract/local-reply.ts";
import { parseGrpcStatus } from "../../wire/grpc-status-field.ts";
import type { AnswerBody, AnswerHead } from "../../wire/head/answer-head.ts";
import { noTrailers } from "../../wire/head/no-trailers.ts";
import { ResponseField } from "../../wire/http1/known-field.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import { ForwardedResponse } from "../forwarded-response.ts";
import { grpcTrailers } from "../grpc-reply.ts";
import { grpcMessageOf, grpcStatusOf, type LocalAnswer, renderLocalReply } from "../local-answer.ts";
import type { Responder } from "../responder.ts";
import type { EndpointState } from "../upstream/endpoint-state.ts";
import { ContentFlow, type FlowEnds, type FlowPart } from "./content-flow.ts";
import { type ExchangeState, transition } from "./exchange-state.ts";
import type { FilterPlaces } from "./filter-place.ts";
import type { Goodbye } from "./goodbye.ts";
import { answerStages, ResponseFilters, type ResponseFiltersHost } from "./response-filters.ts";
import { UnmeasuredHead } from "./unmeasured-head.ts";

/** What an answer needs of its exchange. */
export interface AnswerHost {
  readonly state: ExchangeState;
  readonly responder: Responder;
  readonly places: FilterPlaces;
  readonly goodbye: Goodbye;
  readonly requestId: string;
  /** No endpoint is asked any more, and no filter of the request waits. */
  dropRequest(): void;
  /** The endpoint is to wait, or to go on. */
  pauseEndpoint(): void;
  resumeEndpoint(): void;
  /** An endpoint's answer is passed on: the request is not sent again. */
  onAnswerChosen(status: number): void;
  /** Of the answer, so that the client comes back to the endpoint that it was balanced to. `undefined`: none is needed. */
  readonly setCookie: string | undefined;
  /** From here on client and endpoint may talk for as long as the route lets streams last. */
  becomeTunnel(): void;
  finish(): void;
  onBug(error: unknown): void;
}

/** An endpoint's answer. Its head is valid in the call that it came in; `detach`ed while a filter waits. */
type Relayed = {
  readonly kind: "relay" | "upgrade";
  readonly head: AnswerHead;
  /** A filter waited: what has come meanwhile came without chunks. */
  readonly waited: boolean;
};

/** The answer to a request: a backend's, changed by the filters on the way back, or one of our own. */
export class Answer implements ResponseFiltersHost, FlowEnds {
  readonly response = new ForwardedResponse();
  readonly #host: AnswerHost;
  readonly #filters: ResponseFilters;
  /** It has begun in a way that can still end with a status. */
  #endsWithTrailers = false;
  /** What the filters see the head of: an endpoint's answer, or our own. */
  #relayed: Relayed | undefined;
  #local: LocalAnswer | undefined;
  /** Came while a filter waited. */
  #held: Buffer[] = [];
  #heldTrailers: readonly HeaderField[] = noTrailers;
  #heldEnd = false;
  /** Of the answer that is passed on. */
  #trailers: readonly HeaderField[] = noTrailers;
  #flow: ContentFlow | undefined;

  constructor(host: AnswerHost) {
    this.#host = host;
    this.#filters = new ResponseFilters(this, host.places);
  }

  /** Makes ready for another request. */
  reset(): void {
    this.#endsWithTrailers = false;
  }

  /** What the endpoint is asked behind its head: whether chunks may come as they are. Filters see content. */
  get takesChunks(): boolean {
    const { state, responder } = this.#host;
    return state.phase === "answered" && this.#flow === undefined && responder.takesChunks;
  }

  // What an endpoint sends.

  /** The head of an endpoint's answer; behind an `upgrade` client and endpoint talk to each other. */
  relay(kind: Relayed["kind"], head: AnswerHead, endpoint: EndpointState): void {
    const { state } = this.#host;
    const { outcome } = state;
    transition(state, "head");
    outcome.status = head.status;
    outcome.upstreamStatus = head.status;
    this.#host.onAnswerChosen(head.status);
    if (outcome.grpc) outcome.onGrpcStatus(parseGrpcStatus(head.known(ResponseField.grpcStatus)));
    this.response.flag = outcome.flag;
    this.response.beginRelayed(head.status, endpoint, head);
    const { setCookie } = this.#host;
    if (setCookie !== undefined) this.response.addHeader("set-cookie", setCookie);
    this.#relayed = { kind, head, waited: false };
    this.#filters.begin("backend");
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    const { state, goodbye, responder } = this.#host;
    if (state.phase === "answering") {
      this.#held.push(Buffer.from(bytes.subarray(start, end)));
      return;
    }
    if (state.phase === "tunnel") goodbye.follow(bytes, start, end);
    if (this.#flow === undefined) responder.sendBody(bytes, start, end);
    else {
      this.#flow.push(bytes, start, end);
      if (this.#flow?.isTap) responder.sendBody(bytes, start, end);
    }
  }

  onTrailers(trailers: readonly HeaderField[]): void {
    if (this.#host.state.phase === "answering") this.#heldTrailers = trailers;
    else if (this.#flow === undefined) this.#host.responder.sendTrailers(trailers);
    else this.#trailers = trailers;
  }

  /** Everything of one read has been handed over. */
  onPause(): void {
    this.flush();
  }

  onEnd(): void {
    if (this.#host.state.phase === "answering") this.#heldEnd = true;
    else if (this.#flow === undefined) this.end(noTrailers);
    else {
      const { isTap } = this.#flow;
      const trailers = this.#trailers;
      this.#flow.finish(trailers);
      if (isTap && this.#host.state.phase === "answered") this.end(trailers);
    }
  }

  // What the gateway says.

  /** Gives an answer of our own, in place of whatever has not gone out yet. `plain`: no filter sees it. */
  reply(given: LocalReply, how: "filtered" | "plain" = "filtered"): void {
    const { state } = this.#host;
    this.#drop();
    this.#host.dropRequest();
    transition(state, "reply");
    this.#render(given);
    if (how === "filtered") this.#filters.begin("local");
    else this.onAnswerPassed();
  }

  /** Answers with a failure, or breaks the answer off when it has begun. */
  fail(problem: Problem, how: "filtered" | "plain" = "filtered"): void {
    const { phase, outcome } = this.#host.state;
    if (phase === "over") return;
    outcome.flag = problem.flag;
    if (phase !== "answered" && phase !== "tunnel") {
      this.reply(problem, how);
      return;
    }
    if (outcome.grpc) outcome.endCall(grpcStatusOf(problem));
    this.#breakOff(problem);
  }

  /** The exchange is over. */
  cancel(): void {
    this.#drop();
  }

  // What the filters say.

  onAnswerPassed(): void {
    const relayed = this.#relayed;
    if (relayed === undefined) this.#sendLocal(this.#local!);
    else this.#sendRelayed(relayed);
  }

  onAnswerReplaced(reply: LocalReply): void {
    this.#host.dropRequest();
    this.#letGo();
    this.#render(reply);
    this.#filters.goOn();
  }

  onAnswerWaits(): void {
    const relayed = this.#relayed;
    if (relayed === undefined) return;
    const head = relayed.waited ? relayed.head : relayed.head.detach();
    this.response.edits.moveTo(head);
    this.#relayed = { ...relayed, head, waited: true };
    this.#host.pauseEndpoint();
  }

  onBug(error: unknown): void {
    this.#host.onBug(error);
  }

  // Where content goes, and comes from.

  get congested(): boolean {
    return this.#host.responder.congested;
  }

  write(bytes: Buffer, start: number, end: number): void {
    this.#host.responder.sendBody(bytes, start, end);
  }

  end(trailers: readonly HeaderField[]): void {
    const { responder } = this.#host;
    if (trailers.length > 0) responder.sendTrailers(trailers);
    responder.sendEnd();
    this.#host.finish();
  }

  flush(): void {
    const { responder } = this.#host;
    responder.flush();
    if (responder.congested) this.#host.pauseEndpoint();
  }

  /** The client takes bytes again. */
  onDrain(): void {
    if (this.#host.state.phase !== "answering" && !this.#filterPauses) this.#host.resumeEndpoint();
  }

  #filterPauses = false;

  pauseSource(): void {
    this.#filterPauses = true;
    this.#host.pauseEndpoint();
  }

  resumeSource(): void {
    this.#filterPauses = false;
    if (!this.congested) this.#host.resumeEndpoint();
  }

  refuse(reply: LocalReply): void {
    const { phase, outcome } = this.#host.state;
    outcome.flag = reply.flag;
    if (phase === "answered" || phase === "tunnel") this.#breakOff(reply);
    else this.reply(reply);
  }

  #render(reply: LocalReply): void {
    const { state, requestId } = this.#host;
    const { outcome } = state;
    const local = renderLocalReply(reply, { grpc: outcome.grpc, requestId });
    if (reply.flag !== "-") outcome.flag = reply.flag;
    if (outcome.grpc && reply.status >= 400) outcome.endCall(grpcStatusOf(reply));
    outcome.status = local.status;
    this.#local = local;
    this.#relayed = undefined;
    this.response.flag = outcome.flag;
    this.response.beginLocal(local.status);
    for (const [name, value] of local.headers) this.response.addHeader(name, value);
  }

  #sendLocal({ status, body }: LocalAnswer): void {
    const { state, responder } = this.#host;
    transition(state, "answer");
    responder.respondOwn({ status, edits: this.response.edits, body });
    this.#host.finish();
  }

  /** From here on there is no way back. */
  #sendRelayed({ kind, head, waited }: Relayed): void {
    const { state, responder, goodbye } = this.#host;
    const { edits } = this.response;
    this.#relayed = undefined;
    if (kind === "upgrade") {
      transition(state, "upgrade");
      goodbye.begin(head.known(ResponseField.upgrade) ?? "");
      this.#host.becomeTunnel();
      responder.respondUpgrade({ head, edits, body: "none" });
    } else {
      const body = head.body(state.request.method);
      const isChanged = this.#beginFlow(body);
      transition(state, "answer");
      this.#endsWithTrailers = state.outcome.grpc && (body === "content" || body === "chunked");
      // Where filters see content, chunks come taken apart.
      const takenApart = body === "chunked" && (waited || this.#flow !== undefined);
      if (isChanged && body === "length") responder.respond({ head: new UnmeasuredHead(head), edits, body: "content" });
      else responder.respond({ head, edits, body: takenApart ? "content" : body });
    }
    this.#sendHeld();
  }

  /** What came while a filter waited. */
  #sendHeld(): void {
    if (this.#held.length === 0 && this.#heldTrailers.length === 0 && !this.#heldEnd) {
      if (!this.congested && !this.#filterPauses) this.#host.resumeEndpoint();
      return;
    }
    const { state } = this.#host;
    const held = this.#held;
    const ended = this.#heldEnd;
    const trailers = this.#heldTrailers;
    this.#held = [];
    this.#heldTrailers = noTrailers;
    this.#heldEnd = false;
    for (const bytes of held) if (state.phase !== "over") this.onBody(bytes, 0, bytes.length);
    if (state.phase === "over") return;
    if (trailers.length > 0) this.onTrailers(trailers);
    this.flush();
    if (ended) this.onEnd();
    else this.onDrain();
  }

  /** Asks the filters who wants the content. Returns whether one of them changes it. */
  #beginFlow(body: AnswerBody): boolean {
    if (body === "none") return false;
    const { places } = this.#host;
    let parts: FlowPart[] | undefined;
    for (const stage of answerStages.backend) {
      for (const { hook, filter } of places.chain(stage).responseStream) {
        const exchange = places.place(stage, filter);
        const use = hook.start(this.response, exchange);
        if (use === "pass") continue;
        parts ??= [];
        parts.push({ hook, exchange, use });
      }
    }
    if (parts === undefined) return false;
    this.#flow = new ContentFlow(parts, "content", this);
    return parts.some(({ use }) => use === "change");
  }

  #breakOff(reply: LocalReply): void {
    const { responder, requestId } = this.#host;
    if (this.#endsWithTrailers && reply.kind === "problem") {
      responder.sendTrailers(grpcTrailers(grpcStatusOf(reply), grpcMessageOf(reply, requestId)));
      responder.sendEnd();
    } else responder.abort();
    this.#host.finish();
  }

  /** Nothing of the answer under way matters any more. */
  #drop(): void {
    this.#filters.cancel();
    this.#letGo();
  }

  #letGo(): void {
    const flow = this.#flow;
    this.#flow = undefined;
    this.#relayed = undefined;
    this.#local = undefined;
    this.#filterPauses = false;
    if (this.#held.length > 0) this.#held = [];
    this.#heldTrailers = noTrailers;
    this.#trailers = noTrailers;
    this.#heldEnd = false;
    flow?.cancel();
  }
}
