import type {
  ClientConnections,
  OwnMessage,
  OwnRequest,
  OwnRequestCaller,
  OwnRequestFailure,
  OwnRequestOptions,
  OwnRequests,
} from "../filter/contract/own-request.ts";
import { grpcStatusIn, parseGrpcStatus } from "../wire/grpc-status-field.ts";
import type { AnswerHead } from "../wire/head/answer-head.ts";
import { noTrailers } from "../wire/head/no-trailers.ts";
import type { BodyFraming } from "../wire/head/received-request.ts";
import { ResponseField } from "../wire/http1/known-field.ts";
import type { HeaderField } from "../wire/http2/hpack-table.ts";
import type { ProxyErrorKind } from "./error.ts";
import { openOwnStream } from "./own-stream.ts";
import { AnswerCollector } from "./upstream/answer-collector.ts";
import type { UpstreamContext } from "./upstream/connection.ts";
import { isEndpointPool } from "./upstream/endpoint-pool.ts";
import type { EndpointState } from "./upstream/endpoint-state.ts";
import type { FailureProgress, OutgoingRequest, UpstreamEvents, UpstreamExchange } from "./upstream/exchange.ts";
import { openExchange, type Reuse } from "./upstream/pool.ts";
import { PrivateUpstreams } from "./upstream/private-upstreams.ts";

/** The one way in which the gateway asks a server something for itself: mirrors, authorisation, spans. */
export function ownRequests(context: UpstreamContext): OwnRequests {
  return {
    send(message, options, caller) {
      const request = new UpstreamRequest(message, { ...options, context, caller });
      request.start();
      return request;
    },
    open: (options, caller) => openOwnStream(options, caller, context),
  };
}

type Parts = OwnRequestOptions & { readonly context: UpstreamContext; readonly caller: OwnRequestCaller };

/** One request of the gateway's own, on an exchange of its own at one endpoint after the other. */
class UpstreamRequest implements OwnRequest, UpstreamEvents, OutgoingRequest {
  readonly method: string;
  readonly upgrade = false;
  readonly takesChunks = false;
  readonly fields = undefined;
  readonly logsIn: boolean;
  readonly silence = "bounded";
  readonly acceptsTrailers: boolean;
  readonly framing: BodyFraming;
  readonly head: Buffer;
  readonly headEnd: number;
  readonly #content: Buffer;
  readonly #parts: Parts;
  readonly #own: PrivateUpstreams;
  readonly #answer: AnswerCollector;
  #exchange: UpstreamExchange | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempts = 0;
  #over = false;

  constructor(message: OwnMessage, parts: Parts) {
    this.method = message.method;
    this.head = message.head;
    this.headEnd = message.head.length;
    this.logsIn = message.logsIn;
    this.acceptsTrailers = message.acceptsTrailers;
    this.framing = message.content.length > 0 ? "length" : "none";
    this.#content = message.content;
    this.#parts = parts;
    this.#own = ownConnections(parts.client);
    this.#answer = new AnswerCollector(parts.maxAnswerBytes);
  }

  keepHead(): void {
    // The head is this request's own.
  }

  start(): void {
    const { timeoutMs } = this.#parts;
    if (timeoutMs < Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(onTimeout, timeoutMs, this);
      this.#timer.unref();
    }
    this.#attempt(undefined, "idle");
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#exchange?.cancel();
    this.#exchange = undefined;
  }

  onTimeout(): void {
    this.#fail("timeout");
  }

  onUpstreamReady(): void {
    const exchange = this.#exchange!;
    exchange.sendHead(this);
    if (this.framing !== "none") exchange.sendBody(this.#content, 0, this.#content.length);
    exchange.sendEnd(noTrailers);
    exchange.flush();
  }

  onResponseHead(head: AnswerHead): void {
    if (!this.#answer.begin(head, this.method)) {
      this.#fail("tooLarge");
      return;
    }
    this.#answer.grpcStatus = parseGrpcStatus(head.known(ResponseField.grpcStatus)) ?? -1;
  }

  onResponseTrailers(trailers: readonly HeaderField[]): void {
    if (this.#over) return;
    this.#answer.grpcStatus = grpcStatusIn(trailers) ?? this.#answer.grpcStatus;
    if (!this.#answer.end(trailers)) this.#fail("tooLarge");
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    // What was not read to its end was not understood.
    if (!this.#over && !this.#answer.add(bytes, start, end)) this.#fail("tooLarge");
  }

  onResponseEnd(): void {
    this.#exchange = undefined;
    if (this.#over) return;
    this.cancel();
    const { caller, context } = this.#parts;
    try {
      caller.onAnswer(this.#answer.finish());
    } catch (error) {
      context.onBug(error);
      this.#tell("bug");
    }
  }

  onUpstreamFailure(kind: ProxyErrorKind, progress: FailureProgress): void {
    const endpoint = this.#exchange?.endpoint;
    this.#exchange = undefined;
    if (this.#over) return;
    const { repeatable, cluster } = this.#parts;
    const more = this.#attempts < cluster.cluster.traffic.connectAttempts || kind === "endpointGone";
    if (progress === "stale" && repeatable) this.#attempt(undefined, "never");
    else if ((progress === "unsent" || progress === "refused") && more) {
      this.#attempt(progress === "unsent" ? endpoint : undefined, "idle");
    } else this.#fail(progress === "unsent" ? "unreachable" : "broken");
  }

  onInformational(_head: AnswerHead): void {}
  onUpgraded(_head: AnswerHead): void {}
  onResponsePause(): void {}
  onUpstreamDrain(): void {}
  onUpstreamHalfClose(): void {}

  #attempt(avoid: EndpointState | undefined, reuse: Reuse): void {
    const { cluster, context } = this.#parts;
    this.#attempts++;
    this.#answer.reset();
    if (!isEndpointPool(cluster) || cluster.broken !== undefined) {
      this.#fail("unreachable");
      return;
    }
    const pool = avoid === undefined ? cluster : cluster.latest;
    const endpoint = this.#own.among(pool.endpoints) ?? pool.choose(performance.now(), avoid);
    const { connectTimeoutMs } = pool.cluster.traffic;
    const exchange =
      endpoint && openExchange(endpoint, this, this, { context, connectTimeoutMs, reuse, own: this.#own });
    if (exchange === undefined) {
      this.#fail("unreachable");
      return;
    }
    this.#exchange = exchange;
    if (exchange.ready) this.onUpstreamReady();
  }

  #fail(failure: OwnRequestFailure): void {
    if (this.#over) return;
    this.cancel();
    this.#tell(failure);
  }

  #tell(failure: OwnRequestFailure): void {
    const { caller, context } = this.#parts;
    try {
      caller.onFailure(failure);
    } catch (error) {
      context.onBug(error);
    }
  }
}

function ownConnections(client: ClientConnections | undefined): PrivateUpstreams {
  return client instanceof PrivateUpstreams ? client : new PrivateUpstreams();
}

function onTimeout(request: UpstreamRequest): void {
  request.onTimeout();
}
