import type { AuthHeader } from "../../wire/ext-authz.ts";
import type { Exchange } from "../exchange.ts";
import { type AuthCall, type AuthCaller, makeAuthCall } from "../external-auth/auth-call.ts";
import type { ExternalAuthRuntime } from "../external-auth/auth-runtime.ts";
import { type AuthVerdict, applyAuthChanges, applyAuthHeaders } from "../external-auth/auth-verdict.ts";
import type { ForwardedResponse } from "../forwarded-response.ts";
import { contentOf } from "../replay-buffer.ts";

const noBytes = Buffer.alloc(0);

/** Asks authorisation servers about a request, one after the other, and carries out what they say. */
export class Authorisation implements AuthCaller {
  readonly #exchange: Exchange;
  /** Whose server is to be asked, or is being asked. */
  #asking: ExternalAuthRuntime | undefined;
  #call: AuthCall | undefined;
  /** What the servers add to the answer. */
  #responseHeaders: readonly AuthHeader[] | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** The question has to wait for the request's body. */
  get awaitsBody(): boolean {
    return this.#exchange.phase === "authorising" && this.#call === undefined;
  }

  /** Makes ready for another request. */
  reset(): void {
    this.#asking = undefined;
    this.#responseHeaders = undefined;
  }

  /** Asks, once the body that the question needs is there. */
  begin(runtime: ExternalAuthRuntime): void {
    const { body } = this.#exchange;
    body.hold();
    this.#exchange.phase = "authorising";
    this.#asking = runtime;
    if (body.complete || runtime.filter.forwardBodyBytes === 0) {
      this.#ask(runtime);
      return;
    }
    if (body.buffer.length > this.#bodyBytes(runtime)) this.#exchange.fail("bodyTooLarge");
    else body.resume();
  }

  /** More of the body that is waited for has come. */
  onBody(): void {
    if (this.#exchange.body.buffer.length > this.#bodyBytes(this.#asking!)) this.#exchange.fail("bodyTooLarge");
  }

  /** The body that is waited for is complete. */
  onBodyEnd(): void {
    this.#ask(this.#asking!);
  }

  onAuthVerdict(verdict: AuthVerdict): void {
    const exchange = this.#exchange;
    this.#call = undefined;
    this.#asking = undefined;
    switch (verdict.kind) {
      case "failed":
        exchange.fail("authUnavailable");
        return;
      case "denied":
        exchange.outcome.flag = "UAEX";
        exchange.answer.reply(verdict.reply);
        return;
      case "admitted": {
        exchange.phase = "waiting";
        const { changes } = verdict;
        applyAuthChanges(exchange.request, changes);
        if (changes.responseHeaders.length > 0) {
          this.#responseHeaders = [...(this.#responseHeaders ?? []), ...changes.responseHeaders];
        }
        exchange.goOn();
        exchange.attempts.flush();
      }
    }
  }

  /** Adds what the servers want on the answer. */
  applyTo(response: ForwardedResponse): void {
    if (this.#responseHeaders !== undefined) applyAuthHeaders(response, this.#responseHeaders);
  }

  /** The request is over; no verdict matters any more. */
  cancel(): void {
    this.#call?.cancel();
    this.#call = undefined;
  }

  #ask(runtime: ExternalAuthRuntime): void {
    const { request, body, record, trace, peer, responder, context } = this.#exchange;
    const { forwardBodyBytes } = runtime.filter;
    const content = forwardBodyBytes === 0 ? noBytes : contentOf(body.buffer, request.framing);
    if (content.length > forwardBodyBytes) {
      this.#exchange.fail("bodyTooLarge");
      return;
    }
    const call = makeAuthCall(runtime, this, {
      subject: request,
      facts: {
        ownLines: request.ownLines(),
        clientAddress: record.clientAddress,
        listenerPort: peer.port,
        scheme: peer.scheme,
        requestId: trace.requestId,
        protocol: responder.protocol,
        startMs: performance.timeOrigin + record.startMs,
        body: content,
      },
      context,
      own: peer.upstreams,
    });
    if (call === undefined) {
      this.#exchange.fail("authUnavailable");
      return;
    }
    this.#call = call;
    call.start();
  }

  /** Largest body that is held for an authorisation server, with room for the framing of chunks. */
  #bodyBytes({ filter }: ExternalAuthRuntime): number {
    const { forwardBodyBytes } = filter;
    return this.#exchange.request.framing === "chunked" ? forwardBodyBytes * 2 + 1_024 : forwardBodyBytes;
  }
}
