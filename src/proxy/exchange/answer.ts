import type { ResponseFlag } from "../../telemetry/response-flag.ts";
import { parseGrpcStatus } from "../../wire/grpc-status-field.ts";
import type { AnswerHead } from "../../wire/head/answer-head.ts";
import { ResponseField } from "../../wire/http1/known-field.ts";
import type { LocalReply } from "../chain.ts";
import type { Exchange } from "../exchange.ts";
import { ForwardedResponse } from "../forwarded-response.ts";
import { grpcReply, grpcTrailers, pageAsGrpc } from "../grpc-reply.ts";
import { type GrpcStatusName, grpcStatusForHttp } from "../grpc-status.ts";
import type { EndpointState } from "../upstream/endpoint-state.ts";

/** The answer to a request: a backend's, changed by the filters on the way back, or one of our own. */
export class Answer {
  readonly #exchange: Exchange;
  readonly #response = new ForwardedResponse();
  /** It has begun in a way that can still end with a status. */
  #endsWithTrailers = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Makes ready for another request. */
  reset(): void {
    this.#endsWithTrailers = false;
  }

  /** Passes on the head of an endpoint's answer. */
  relay(head: AnswerHead, endpoint: EndpointState): void {
    const { request, outcome, responder } = this.#exchange;
    this.#passHead(head, endpoint);
    const body = head.body(request.method);
    this.#endsWithTrailers = outcome.grpc && (body === "content" || body === "chunked");
    responder.respond({ head, edits: this.#response.edits, body });
  }

  /** The endpoint switched protocols: from here on the client and it talk to each other. */
  upgrade(head: AnswerHead, endpoint: EndpointState): void {
    const exchange = this.#exchange;
    this.#passHead(head, endpoint);
    exchange.phase = "tunnel";
    exchange.goodbye.begin(head.known(ResponseField.upgrade) ?? "");
    exchange.clearTimers();
    exchange.responder.respondUpgrade({ head, edits: this.#response.edits, body: "none" });
  }

  /** Gives an answer of our own. */
  reply(given: LocalReply): void {
    const exchange = this.#exchange;
    const { outcome, route } = exchange;
    const reply = outcome.grpc && given.status >= 400 ? this.#replyToCall(given) : given;
    exchange.attempts.drop();
    exchange.phase = "answered";
    outcome.status = reply.status;
    const response = this.#response;
    response.begin(reply.status, undefined);
    exchange.auth.applyTo(response);
    for (const [name, value] of reply.headers) response.addHeader(name, value);
    if (route !== undefined) for (const filter of route.onResponse) filter.onResponse!(response, exchange);
    exchange.responder.respondOwn({ status: reply.status, edits: response.edits, body: reply.body });
    exchange.finish();
  }

  /** Answers with an error, or breaks the answer off when it has begun. */
  fail(status: number, flag: ResponseFlag, message: string, grpcName: GrpcStatusName): void {
    const { phase, outcome, trace } = this.#exchange;
    if (phase === "over") return;
    outcome.flag = flag;
    if (outcome.grpc) outcome.endCall(grpcName);
    if (phase === "answered" || phase === "tunnel") this.#breakOff(grpcName, message);
    else if (outcome.grpc) this.reply(grpcReply(grpcName, this.#grpcMessage(message)));
    else {
      const body = `${message}\nRequest: ${trace.requestId}\n`;
      this.reply({ status, headers: [["content-type", "text/plain; charset=utf-8"]], body });
    }
  }

  #breakOff(grpcName: GrpcStatusName, message: string): void {
    const { responder } = this.#exchange;
    if (this.#endsWithTrailers) {
      responder.sendTrailers(grpcTrailers(grpcName, this.#grpcMessage(message)));
      responder.sendEnd();
    } else responder.abort();
    this.#exchange.finish();
  }

  /** Shows the answer's head to the filters; from here on there is no way back. */
  #passHead(head: AnswerHead, endpoint: EndpointState): void {
    const exchange = this.#exchange;
    const { outcome, attempts } = exchange;
    const route = exchange.route!;
    const backend = exchange.backend!;
    exchange.phase = "answered";
    outcome.status = head.status;
    outcome.upstreamStatus = head.status;
    if (attempts.retries > 0 && route.rule.retryCodes.has(head.status)) outcome.flag = "URX";
    exchange.body.forget();
    if (outcome.grpc) outcome.onGrpcStatus(parseGrpcStatus(head.known(ResponseField.grpcStatus)));
    const response = this.#response;
    response.begin(head.status, head);
    exchange.auth.applyTo(response);
    if (backend.session !== undefined) {
      const { scheme } = exchange;
      backend.session.remember(response, endpoint, { pins: attempts.pins, nowMs: Date.now(), scheme });
    }
    for (const filter of backend.onResponse) filter.onResponse!(response, exchange);
    for (const filter of route.onResponse) filter.onResponse!(response, exchange);
  }

  #grpcMessage(message: string): string {
    return `${message} Request: ${this.#exchange.trace.requestId}`;
  }

  /** A filter's or an authorisation server's refusal, for a gRPC client. */
  #replyToCall(page: LocalReply): LocalReply {
    const name = grpcStatusForHttp(page.status);
    this.#exchange.outcome.endCall(name);
    return pageAsGrpc(page, name);
  }
}
