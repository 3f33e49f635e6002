import type { AuthHeader } from "../../wire/ext-authz.ts";
import { type FilterExchange, type Waiting, waiting } from "../contract/exchange.ts";
import { type LocalReply, problem } from "../contract/local-reply.ts";
import type { RequestHead } from "../contract/message.ts";
import type { OwnAnswer, OwnRequest, OwnRequestCaller } from "../contract/own-request.ts";
import type { AuthServer } from "./auth-server.ts";
import { type AuthVerdict, applyAuthChanges, failed } from "./auth-verdict.ts";
import { readGrpcVerdict, writeGrpcCheck } from "./grpc-check.ts";
import { readHttpVerdict, writeHttpCheck } from "./http-check.ts";

/** Whatever went wrong is no permission. */
const unavailable: LocalReply = {
  ...problem(403, "UAE", "The request could not be authorised."),
  grpcStatus: 7,
};

/**
 * One question to an authorisation server about one request. Nothing is remembered: every request is asked about anew. Spec:
 * HTTPExternalAuthFilter (GEP-1494).
 */
export class AuthCall implements OwnRequestCaller {
  /** What the server adds to the answer; known once the request was admitted. */
  responseHeaders: readonly AuthHeader[] = [];
  readonly #server: AuthServer;
  readonly #request: RequestHead;
  readonly #exchange: FilterExchange;
  #call: OwnRequest | undefined;

  constructor(server: AuthServer, request: RequestHead, exchange: FilterExchange) {
    this.#server = server;
    this.#request = request;
    this.#exchange = exchange;
  }

  /** Asks; `content` is what the server is shown of the request's. */
  ask(content: Buffer): LocalReply | Waiting {
    const { filter, cluster, services, counters } = this.#server;
    if (cluster === undefined) {
      counters.failed.add(1);
      return unavailable;
    }
    const timeoutMs = services.limits.authTimeoutMs;
    const { facts } = this.#exchange;
    const message =
      filter.protocol === "grpc"
        ? writeGrpcCheck({ filter, cluster: cluster.cluster, timeoutMs }, { subject: this.#request, facts, content })
        : writeHttpCheck(filter, this.#request, content);
    this.#call = services.requests.send(
      message,
      {
        cluster,
        timeoutMs,
        maxAnswerBytes: services.limits.authAnswerBytes,
        // A question changes nothing.
        repeatable: true,
        client: facts.client,
      },
      this,
    );
    return waiting;
  }

  onAnswer(answer: OwnAnswer): void {
    const { filter } = this.#server;
    this.#decide(filter.protocol === "grpc" ? readGrpcVerdict(answer) : readHttpVerdict(filter, answer));
  }

  onFailure(): void {
    this.#decide(failed);
  }

  cancel(): void {
    this.#call?.cancel();
  }

  #decide(verdict: AuthVerdict): void {
    this.#server.counters[verdict.kind].add(1);
    switch (verdict.kind) {
      case "failed":
        this.#exchange.resume(unavailable);
        return;
      case "denied":
        this.#exchange.resume(verdict.reply);
        return;
      case "admitted":
        applyAuthChanges(this.#request, verdict.changes);
        this.responseHeaders = verdict.changes.responseHeaders;
        this.#exchange.resume(undefined);
    }
  }
}
