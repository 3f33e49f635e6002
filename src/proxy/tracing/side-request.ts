import { grpcStatusIn, parseGrpcStatus } from "../../wire/grpc-status-field.ts";
import type { AnswerHead } from "../../wire/head/answer-head.ts";
import { noTrailers } from "../../wire/head/no-trailers.ts";
import { ResponseField } from "../../wire/http1/known-field.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import type { ClusterRuntime } from "../cluster-runtime.ts";
import type { ProxyErrorKind } from "../error.ts";
import type { PlaneContext } from "../plane-context.ts";
import type { FailureProgress, OutgoingRequest, UpstreamEvents, UpstreamExchange } from "../upstream/exchange.ts";
import { openExchange, type Reuse } from "../upstream/pool.ts";
import { PrivateUpstreams } from "../upstream/private-upstreams.ts";

/** `grpcStatus` is -1 for an answer that is none of gRPC. */
export type SideResult =
  | { readonly kind: "answered"; readonly status: number; readonly grpcStatus: number }
  | { readonly kind: "failed" };

/** Content of an answer that is read to its end, so that its connection can be used again. Bytes. */
const maxAnswerBytes = 64 * 1024;

/** A request of the gateway's own of which only the status of the answer matters. */
export class SideRequest implements UpstreamEvents, OutgoingRequest {
  readonly method: string;
  readonly upgrade = false;
  readonly takesChunks = false;
  readonly fields = undefined;
  readonly logsIn = false;
  readonly silence = "bounded";
  readonly acceptsTrailers = true;
  readonly framing = "length";
  readonly head: Buffer;
  readonly headEnd: number;
  readonly #body: Buffer;
  readonly #options: SideRequestOptions;
  #exchange: UpstreamExchange | undefined;
  #timer: NodeJS.Timeout | undefined;
  #status = 0;
  #grpcStatus = -1;
  #answerBytes = 0;
  #over = false;

  constructor(
    message: { readonly method: string; readonly head: Buffer; readonly body: Buffer },
    options: SideRequestOptions,
  ) {
    this.method = message.method;
    this.head = message.head;
    this.headEnd = message.head.length;
    this.#body = message.body;
    this.#options = options;
  }

  keepHead(): void {
    // The head is this request's own.
  }

  start(cluster: ClusterRuntime): void {
    this.#timer = setTimeout(onTimeout, this.#options.timeoutMs, this);
    this.#timer.unref();
    this.#open(cluster, "idle");
  }

  /** Gives up without a result. */
  cancel(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#exchange?.cancel();
    this.#exchange = undefined;
  }

  onTimeout(): void {
    this.#finish({ kind: "failed" });
  }

  onUpstreamReady(): void {
    const exchange = this.#exchange!;
    exchange.sendHead(this);
    exchange.sendBody(this.#body, 0, this.#body.length);
    exchange.sendEnd(noTrailers);
    exchange.flush();
  }

  onResponseHead(head: AnswerHead): void {
    this.#status = head.status;
    this.#grpcStatus = parseGrpcStatus(head.known(ResponseField.grpcStatus)) ?? -1;
  }

  onResponseTrailers(trailers: readonly HeaderField[]): void {
    this.#grpcStatus = grpcStatusIn(trailers) ?? this.#grpcStatus;
  }

  onResponseBody(_bytes: Buffer, start: number, end: number): void {
    this.#answerBytes += end - start;
    if (this.#answerBytes > maxAnswerBytes) this.#finish(this.#answered());
  }

  onResponseEnd(): void {
    this.#exchange = undefined;
    this.#finish(this.#answered());
  }

  onUpstreamFailure(_kind: ProxyErrorKind, _progress: FailureProgress): void {
    this.#exchange = undefined;
    this.#finish({ kind: "failed" });
  }

  onInformational(_head: AnswerHead): void {}
  onUpgraded(_head: AnswerHead): void {}
  onResponsePause(): void {}
  onUpstreamDrain(): void {}
  onUpstreamHalfClose(): void {}

  #open(cluster: ClusterRuntime, reuse: Reuse): void {
    const endpoint = cluster.broken === undefined ? cluster.choose(performance.now(), undefined) : undefined;
    const options = {
      context: this.#options.context,
      connectTimeoutMs: cluster.cluster.traffic.connectTimeoutMs,
      reuse,
      own: new PrivateUpstreams(),
    };
    this.#exchange = endpoint === undefined ? undefined : openExchange(endpoint, this, this, options);
    if (this.#exchange === undefined) this.#finish({ kind: "failed" });
    else if (this.#exchange.ready) this.onUpstreamReady();
  }

  #answered(): SideResult {
    return { kind: "answered", status: this.#status, grpcStatus: this.#grpcStatus };
  }

  #finish(result: SideResult): void {
    if (this.#over) return;
    this.cancel();
    this.#options.onResult(result);
  }
}

export type SideRequestOptions = {
  readonly context: PlaneContext;
  readonly timeoutMs: number;
  /** Called once; may come before {@link SideRequest.start} returns. */
  readonly onResult: (result: SideResult) => void;
};

function onTimeout(request: SideRequest): void {
  request.onTimeout();
}
