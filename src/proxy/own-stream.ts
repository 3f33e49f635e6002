import type { OwnStream, OwnStreamCaller, OwnStreamOptions } from "../filter/contract/own-request.ts";
import type { AnswerHead } from "../wire/head/answer-head.ts";
import type { HeaderField } from "../wire/http2/hpack-table.ts";
import type { UpstreamContext } from "./upstream/connection.ts";
import { isEndpointPool } from "./upstream/endpoint-pool.ts";
import type { OutgoingRequest, UpstreamEvents, UpstreamExchange } from "./upstream/exchange.ts";
import { openExchange } from "./upstream/pool.ts";
import { PrivateUpstreams } from "./upstream/private-upstreams.ts";

/** Opens a stream of the gateway's own at one endpoint of a cluster. */
export function openOwnStream(options: OwnStreamOptions, caller: OwnStreamCaller, context: UpstreamContext): OwnStream {
  const stream = new UpstreamStream(options.head, caller, context);
  stream.start(options.cluster);
  return stream;
}

class UpstreamStream implements OwnStream, UpstreamEvents, OutgoingRequest {
  readonly method = "POST";
  readonly upgrade = false;
  readonly takesChunks = false;
  readonly fields = undefined;
  readonly logsIn = false;
  /** Nothing has to be said for as long as the client's exchange lasts. */
  readonly silence = "unbounded";
  readonly acceptsTrailers = true;
  readonly grpc = true;
  readonly framing = "content";
  readonly head: Buffer;
  readonly headEnd: number;
  readonly #caller: OwnStreamCaller;
  readonly #context: UpstreamContext;
  #exchange: UpstreamExchange | undefined;
  /** Sent before there was a connection. */
  #held: Buffer[] = [];
  #isReady = false;
  #ended = false;
  #over = false;

  constructor(head: Buffer, caller: OwnStreamCaller, context: UpstreamContext) {
    this.head = head;
    this.headEnd = head.length;
    this.#caller = caller;
    this.#context = context;
  }

  start(cluster: OwnStreamOptions["cluster"]): void {
    const own = new PrivateUpstreams();
    const pool = isEndpointPool(cluster) && cluster.broken === undefined ? cluster : undefined;
    const endpoint = pool?.choose(performance.now(), undefined);
    const exchange =
      pool &&
      endpoint &&
      openExchange(endpoint, this, this, {
        context: this.#context,
        connectTimeoutMs: pool.cluster.traffic.connectTimeoutMs,
        reuse: "idle",
        own,
      });
    if (exchange === undefined) {
      this.#finish();
      return;
    }
    this.#exchange = exchange;
    if (exchange.ready) this.onUpstreamReady();
  }

  send(bytes: Buffer): void {
    if (this.#over || this.#ended) return;
    if (!this.#isReady) this.#held.push(bytes);
    else {
      this.#exchange?.sendBody(bytes, 0, bytes.length);
      this.#exchange?.flush();
    }
  }

  end(): void {
    if (this.#over || this.#ended) return;
    this.#ended = true;
    if (!this.#isReady) return;
    this.#exchange?.sendEnd([]);
    this.#exchange?.flush();
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#held = [];
    this.#exchange?.cancel();
    this.#exchange = undefined;
  }

  keepHead(): void {
    // The head is this stream's own.
  }

  onUpstreamReady(): void {
    const exchange = this.#exchange!;
    this.#isReady = true;
    exchange.sendHead(this);
    for (const bytes of this.#held) exchange.sendBody(bytes, 0, bytes.length);
    this.#held = [];
    if (this.#ended) exchange.sendEnd([]);
    exchange.flush();
  }

  onResponseHead(head: AnswerHead): void {
    if (head.status !== 200) this.#finish();
  }

  onResponseBody(bytes: Buffer, start: number, end: number): void {
    if (this.#over) return;
    try {
      this.#caller.onData(bytes.subarray(start, end));
    } catch (error) {
      this.#context.onBug(error);
      this.#finish();
    }
  }

  onResponseEnd(): void {
    this.#exchange = undefined;
    this.#finish();
  }

  onUpstreamFailure(): void {
    this.#exchange = undefined;
    this.#finish();
  }

  onResponseTrailers(_trailers: readonly HeaderField[]): void {}
  onInformational(_head: AnswerHead): void {}
  onUpgraded(_head: AnswerHead): void {}
  onResponsePause(): void {}
  onUpstreamDrain(): void {}
  onUpstreamHalfClose(): void {}

  #finish(): void {
    if (this.#over) return;
    this.cancel();
    try {
      this.#caller.onOver();
    } catch (error) {
      this.#context.onBug(error);
    }
  }
}
