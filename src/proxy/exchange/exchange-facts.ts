import type { RequestFacts } from "../../filter/contract/exchange.ts";
import { RequestField } from "../../wire/http1/known-field.ts";
import type { Peer } from "../forwarding.ts";
import type { Responder } from "../responder.ts";
import type { TraceHeaders } from "../trace-headers.ts";
import type { PrivateUpstreams } from "../upstream/private-upstreams.ts";
import type { ExchangeState } from "./exchange-state.ts";

/** What filters may know of the exchange under way. */
export class ExchangeFacts implements RequestFacts {
  /** As far as it can be trusted. */
  clientAddress = "";
  matchedPrefix: string | undefined;
  origin: string | undefined;
  credentials: RequestFacts["credentials"] = "none";
  readonly #peer: Peer;
  readonly #responder: Pick<Responder, "protocol">;
  readonly #state: ExchangeState;
  readonly #trace: TraceHeaders;

  constructor(
    { peer, responder }: { readonly peer: Peer; readonly responder: Pick<Responder, "protocol"> },
    state: ExchangeState,
    trace: TraceHeaders,
  ) {
    this.#peer = peer;
    this.#responder = responder;
    this.#state = state;
    this.#trace = trace;
  }

  get scheme(): "http" | "https" {
    return this.#peer.scheme;
  }

  get protocol(): string {
    return this.#responder.protocol;
  }

  get grpc(): boolean {
    return this.#state.outcome.grpc;
  }

  get method(): string {
    return this.#state.request.method;
  }

  get host(): string {
    return this.#state.request.host;
  }

  get spelledPath(): string {
    return this.#state.request.spelledPath;
  }

  get query(): string {
    return this.#state.request.askedQuery;
  }

  get listenerPort(): number {
    return this.#peer.port;
  }

  get clientCertificate(): RequestFacts["clientCertificate"] {
    return this.#peer.clientCertificate.state;
  }

  get clientCredential(): RequestFacts["clientCredential"] {
    return this.#peer.clientCertificate.credential;
  }

  get clientIdentity(): RequestFacts["clientIdentity"] {
    return this.#peer.clientCertificate.identity;
  }

  get requestId(): string {
    return this.#trace.requestId;
  }

  get traceId(): string {
    return this.#trace.traceId;
  }

  get startMs(): number {
    return performance.timeOrigin + this.#state.startMs;
  }

  get client(): PrivateUpstreams {
    return this.#peer.upstreams;
  }

  /** Makes ready for another request. */
  begin(): void {
    this.matchedPrefix = undefined;
    this.origin = undefined;
    this.credentials = "none";
  }

  /** A rule was found: takes what its filters ask for from the head as the client sent it. */
  onRule(matchedPrefix: string | undefined): void {
    const { request } = this.#state;
    this.matchedPrefix = matchedPrefix;
    this.origin = request.known(RequestField.origin);
    if (this.origin === undefined) return;
    if (request.known(RequestField.cookie) !== undefined) this.credentials = "cookie";
    else if (request.known(RequestField.authorization) !== undefined) this.credentials = "authorization";
  }
}
