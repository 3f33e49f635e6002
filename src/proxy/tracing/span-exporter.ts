import type { OwnAnswer, OwnMessage, OwnRequest, OwnRequestCaller } from "../../filter/contract/own-request.ts";
import type { Tracing } from "../../ir/tracing.ts";
import type { Counter } from "../../telemetry/telemetry.ts";
import { otlpTracesPath, renderOtlpJson } from "../../telemetry/tracing/otlp-json.ts";
import type { Span } from "../../telemetry/tracing/span.ts";
import { connectionFields } from "../../wire/http1/known-field.ts";
import { HeadWriter } from "../../wire/http1/serialize.ts";
import type { ClusterRuntime } from "../cluster-runtime.ts";
import type { PlaneContext } from "../plane-context.ts";
import { encodeOtlp, otlpTracesMethod } from "./otlp-protobuf.ts";

/** Spans that wait; further ones are dropped and counted. */
const maxQueued = 4_096;
/** Spans in one request to the collector. */
const maxBatch = 512;
/** Attempts at one batch before it is given up. */
const maxAttempts = 3;
/** Answers after which a batch may be sent again. Spec: OTLP/HTTP, "Retryable Response Codes". */
const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Sends the spans of one Gateway to its collector: in batches, one request at a time, with a bounded queue. Nothing here is
 * ever waited for by a client's request. Spec: OTLP/HTTP with JSON, OTLP/gRPC.
 */
export class SpanExporter implements OwnRequestCaller {
  readonly #context: PlaneContext;
  readonly #exported: Counter;
  readonly #dropped: { readonly full: Counter; readonly rejected: Counter; readonly unreachable: Counter };
  #tracing: Tracing;
  #cluster: ClusterRuntime | undefined;
  #queue: Span[] = [];
  #batch: readonly Span[] = [];
  #attempts = 0;
  #request: OwnRequest | undefined;
  /** What was sent last has had its answer, or will not get one. */
  #isOver = true;
  #timer: NodeJS.Timeout | undefined;
  #closing: (() => void) | undefined;

  constructor(
    tracing: Tracing,
    cluster: ClusterRuntime | undefined,
    about: { readonly name: string; readonly namespace: string; readonly context: PlaneContext },
  ) {
    const { name, namespace, context } = about;
    const { telemetry } = context;
    const dropped = (reason: string) => telemetry.counter("gateway_trace_spans_dropped_total", name, namespace, reason);
    this.#tracing = tracing;
    this.#cluster = cluster;
    this.#context = context;
    this.#exported = telemetry.counter("gateway_trace_spans_exported_total", name, namespace);
    this.#dropped = { full: dropped("full"), rejected: dropped("rejected"), unreachable: dropped("unreachable") };
  }

  /** Goes on with a new configuration; what waits is sent by it. */
  update(tracing: Tracing, cluster: ClusterRuntime | undefined): void {
    this.#tracing = tracing;
    this.#cluster = cluster;
  }

  add(span: Span): void {
    if (this.#queue.length >= maxQueued) {
      this.#dropped.full.add(1);
      return;
    }
    this.#queue.push(span);
    if (this.#request !== undefined) return;
    if (this.#queue.length >= maxBatch && this.#batch.length === 0) this.#send();
    else this.#timer ??= this.#later(this.#context.limits.spanDelayMs);
  }

  /** Sends what waits, at most one attempt for each batch, and nothing after `deadlineMs`: what is left then is dropped. */
  close(deadlineMs: number): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    const deadline = setTimeout(onCloseDeadline, deadlineMs, this);
    this.#closing = () => {
      clearTimeout(deadline);
      resolve();
    };
    if (this.#request === undefined) this.#send();
    return promise;
  }

  giveUp(): void {
    this.#request?.cancel();
    this.#request = undefined;
    this.#dropped.unreachable.add(this.#batch.length + this.#queue.length);
    this.#batch = [];
    this.#queue = [];
    this.#closing?.();
  }

  send(): void {
    this.#timer = undefined;
    this.#send();
  }

  #later(delayMs: number): NodeJS.Timeout {
    const timer = setTimeout(onTimer, delayMs, this);
    timer.unref();
    return timer;
  }

  #send(): void {
    if (this.#batch.length === 0) {
      this.#batch = this.#queue.splice(0, maxBatch);
      this.#attempts = 0;
    }
    if (this.#batch.length === 0) {
      this.#closing?.();
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#attempts++;
    const cluster = this.#cluster;
    if (cluster === undefined) {
      this.#done(undefined);
      return;
    }
    this.#isOver = false;
    const request = this.#context.requests.send(
      this.#message(cluster),
      {
        cluster,
        timeoutMs: this.#context.limits.spanExportTimeoutMs,
        maxAnswerBytes: "discard",
        repeatable: false,
        client: undefined,
      },
      this,
    );
    // It may have failed at once.
    if (!this.#isOver) this.#request = request;
  }

  onAnswer(answer: OwnAnswer): void {
    this.#done(answer);
  }

  onFailure(): void {
    this.#done(undefined);
  }

  /** HTTP/1.1 collectors get JSON, those of HTTP/2 gRPC. */
  #message({ cluster }: ClusterRuntime): OwnMessage {
    const grpc = cluster.protocol === "http2";
    const { serviceName, headers } = this.#tracing;
    const { version } = this.#context;
    const body = grpc
      ? frameGrpc(encodeOtlp(serviceName, version, this.#batch))
      : Buffer.from(renderOtlpJson(serviceName, version, this.#batch), "utf8");
    const writer = new HeadWriter(512)
      .text(`POST ${grpc ? otlpTracesMethod : otlpTracesPath} HTTP/1.1`)
      .crlf()
      .field("host", cluster.tls?.hostname ?? `${cluster.name}.${cluster.namespace}:${cluster.port}`)
      .field("content-type", grpc ? "application/grpc" : "application/json");
    if (grpc) writer.field("grpc-timeout", `${this.#context.limits.spanExportTimeoutMs}m`);
    for (const { name, value } of headers) if (!framing.has(name)) writer.field(name, value);
    const head = writer.contentLength(body.length).crlf().take();
    return { method: "POST", head, content: body, acceptsTrailers: true, logsIn: false };
  }

  /** `undefined`: no answer came. */
  #done(answer: OwnAnswer | undefined): void {
    this.#request = undefined;
    this.#isOver = true;
    const count = this.#batch.length;
    const status = answer === undefined ? 0 : outcomeOf(answer);
    const again = answer === undefined || retryable.has(status);
    if (again && this.#attempts < maxAttempts && this.#closing === undefined) {
      this.#timer = this.#later(this.#context.limits.spanDelayMs * 2 ** this.#attempts);
      return;
    }
    this.#batch = [];
    if (answer === undefined) this.#dropped.unreachable.add(count);
    else if (status >= 200 && status < 300) this.#exported.add(count);
    else this.#dropped.rejected.add(count);
    if (this.#closing !== undefined || this.#queue.length >= maxBatch) this.#send();
    else if (this.#queue.length > 0) this.#timer ??= this.#later(this.#context.limits.spanDelayMs);
  }
}

/** gRPC statuses after which a batch may be sent again. Spec: OTLP/gRPC, "Failures". */
const retryableGrpc: ReadonlySet<number> = new Set([1, 4, 8, 10, 11, 14, 15]);

/** The HTTP status that an answer stands for; without a gRPC status it is its own. */
function outcomeOf({ status, grpcStatus }: OwnAnswer): number {
  if (grpcStatus < 0 || status !== 200) return status;
  if (grpcStatus === 0) return 200;
  return retryableGrpc.has(grpcStatus) ? 503 : 400;
}

/** A message behind its prefix: no compression, and the length. gRPC over HTTP/2, "Length-Prefixed-Message". */
function frameGrpc(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Fields that say how the request itself is sent. */
const framing: ReadonlySet<string> = new Set([
  ...connectionFields,
  "content-encoding",
  "content-length",
  "content-type",
  "host",
]);

function onTimer(exporter: SpanExporter): void {
  exporter.send();
}

function onCloseDeadline(exporter: SpanExporter): void {
  exporter.giveUp();
}
