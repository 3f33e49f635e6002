import type { AnswerHead } from "../wire/head/answer-head.ts";
import { noTrailers } from "../wire/head/no-trailers.ts";
import type { BodyFraming } from "../wire/head/received-request.ts";
import type { HeaderField } from "../wire/http2/hpack-table.ts";
import type { ForwardedRequest } from "./forwarded-request.ts";
import type { PlaneContext } from "./plane-context.ts";
import { ReplayBuffer } from "./replay-buffer.ts";
import type { MirrorRuntime } from "./route-runtime.ts";
import type { OutgoingRequest, UpstreamEvents, UpstreamExchange } from "./upstream/exchange.ts";
import { openExchange } from "./upstream/pool.ts";
import type { PrivateUpstreams } from "./upstream/private-upstreams.ts";

export type MirrorOptions = {
  readonly context: PlaneContext;
  /** Connections of the client whose request is copied. */
  readonly own: PrivateUpstreams;
};

/**
 * A copy of a request for another backend, as it stood at the filter. It is sent once the whole request has come, on an
 * exchange of its own, and its answer is thrown away: whatever becomes of it, the request itself is neither delayed nor
 * changed. A body above the limit drops the copy.
 */
export class Mirror implements UpstreamEvents, OutgoingRequest {
  readonly method: string;
  readonly upgrade = false;
  readonly takesChunks = true;
  readonly fields = undefined;
  readonly logsIn: boolean;
  readonly silence = "bounded";
  readonly framing: BodyFraming;
  readonly acceptsTrailers: boolean;
  readonly grpc: boolean;
  readonly head: Buffer;
  readonly headEnd: number;
  readonly #runtime: MirrorRuntime;
  readonly #context: PlaneContext;
  readonly #own: PrivateUpstreams;
  readonly #body = new ReplayBuffer();
  #trailers: readonly HeaderField[] = noTrailers;
  #exchange: UpstreamExchange | undefined;
  #done = false;

  constructor(runtime: MirrorRuntime, request: ForwardedRequest, { context, own }: MirrorOptions) {
    this.#runtime = runtime;
    this.#context = context;
    this.#own = own;
    this.logsIn = request.logsIn;
    this.method = request.method;
    this.framing = request.framing;
    this.acceptsTrailers = request.acceptsTrailers;
    this.grpc = request.grpc;
    this.head = Buffer.from(request.head.subarray(0, request.headEnd));
    this.headEnd = this.head.length;
    runtime.inFlight++;
  }

  keepHead(): void {
    // The head is this mirror's own.
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    if (this.#done) return;
    if (this.#body.length + end - start > this.#context.limits.mirrorBodyBytes) {
      this.#over("dropped");
      return;
    }
    this.#body.append(bytes, start, end);
  }

  /** The request is complete: the copy goes out. */
  onEnd(trailers: readonly HeaderField[]): void {
    if (this.#done) return;
    this.#trailers = trailers;
    const { cluster } = this.#runtime;
    const endpoint = cluster.broken === undefined ? cluster.choose(performance.now(), undefined) : undefined;
    const options = {
      context: this.#context,
      connectTimeoutMs: cluster.cluster.traffic.connectTimeoutMs,
      reuse: "idle",
      own: this.#own,
    } as const;
    this.#exchange = endpoint === undefined ? undefined : openExchange(endpoint, this, this, options);
    if (this.#exchange === undefined) this.#over("failed");
    else if (this.#exchange.ready) this.onUpstreamReady();
  }

  /** The request never went to a backend, so its copy does not either. */
  discard(): void {
    this.#done = true;
    this.#runtime.inFlight--;
  }

  /** The request is over; when it never became complete there is nothing to send. */
  onRequestOver(): void {
    if (this.#exchange === undefined) this.#over("dropped");
  }

  onUpstreamReady(): void {
    const exchange = this.#exchange!;
    exchange.sendHead(this);
    if (this.framing !== "none") exchange.sendBody(this.#body.bytes, 0, this.#body.length);
    exchange.sendEnd(this.#trailers);
    exchange.flush();
  }

  onResponseHead(_head: AnswerHead): void {}
  onInformational(_head: AnswerHead): void {}
  onUpgraded(_head: AnswerHead): void {}
  onResponseBody(_bytes: Buffer, _start: number, _end: number): void {}
  onResponseTrailers(_trailers: readonly HeaderField[]): void {}
  onResponsePause(): void {}
  onUpstreamDrain(): void {}
  onUpstreamHalfClose(): void {}

  onResponseEnd(): void {
    this.#over("sent");
  }

  onUpstreamFailure(): void {
    this.#over("failed");
  }

  #over(result: "sent" | "failed" | "dropped"): void {
    if (this.#done) return;
    this.#done = true;
    this.#body.clear();
    this.#runtime.inFlight--;
    this.#runtime[result].add(1);
  }
}

/** Begins a copy, which goes out at its `onEnd`; `undefined` when the mirror has too many in flight (counted as dropped). */
export function startMirror(
  runtime: MirrorRuntime,
  request: ForwardedRequest,
  options: MirrorOptions,
): Mirror | undefined {
  if (runtime.inFlight >= options.context.limits.mirrorsInFlight || request.upgrade) {
    runtime.dropped.add(1);
    return undefined;
  }
  return new Mirror(runtime, request, options);
}
