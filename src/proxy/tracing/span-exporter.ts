import type { Tracing } from "../../ir/tracing.ts";
import type { Counter } from "../../telemetry/telemetry.ts";
import { otlpTracesPath, renderOtlpJson } from "../../telemetry/tracing/otlp-json.ts";
import type { Span } from "../../telemetry/tracing/span.ts";
import { HeadWriter } from "../../wire/http1/serialize.ts";
import type { ClusterRuntime } from "../cluster-runtime.ts";
import type { PlaneContext } from "../plane-context.ts";
import { SideRequest, type SideResult } from "./side-request.ts";

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
 * ever waited for by a client's request. Spec: OTLP/HTTP, JSON encoding.
 */
export class SpanExporter {
  readonly #context: PlaneContext;
  readonly #exported: Counter;
  readonly #dropped: { readonly full: Counter; readonly rejected: Counter; readonly unreachable: Counter };
  #tracing: Tracing;
  #cluster: ClusterRuntime | undefined;
  #queue: Span[] = [];
  #batch: readonly Span[] = [];
  #attempts = 0;
  #request: SideRequest | undefined;
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

  /** Sends what waits, at most one attempt for each batch, and then nothing more. */
  close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closing = resolve;
    if (this.#request === undefined) this.#send();
    return promise;
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
      this.#done({ kind: "failed" });
      return;
    }
    const body = Buffer.from(renderOtlpJson(this.#tracing.serviceName, this.#context.version, this.#batch), "utf8");
    const message = { method: "POST", head: this.#head(cluster, body.length), body };
    this.#request = new SideRequest(message, {
      context: this.#context,
      timeoutMs: this.#context.limits.spanExportTimeoutMs,
      onResult: (result) => this.#done(result),
    });
    this.#request.start(cluster);
  }

  #head({ cluster }: ClusterRuntime, length: number): Buffer {
    const writer = new HeadWriter(512);
    const host = cluster.tls?.hostname ?? `${cluster.name}.${cluster.namespace}:${cluster.port}`;
    writer.text(`POST ${otlpTracesPath} HTTP/1.1`).crlf().field("host", host).field("content-type", "application/json");
    for (const { name, value } of this.#tracing.headers) if (!framing.has(name)) writer.field(name, value);
    return writer.contentLength(length).crlf().take();
  }

  #done(result: SideResult): void {
    this.#request = undefined;
    const count = this.#batch.length;
    const again = result.kind === "failed" || retryable.has(result.status);
    if (again && this.#attempts < maxAttempts && this.#closing === undefined) {
      this.#timer = this.#later(this.#context.limits.spanDelayMs * 2 ** this.#attempts);
      return;
    }
    this.#batch = [];
    if (result.kind === "failed") this.#dropped.unreachable.add(count);
    else if (result.status >= 200 && result.status < 300) this.#exported.add(count);
    else this.#dropped.rejected.add(count);
    if (this.#closing !== undefined || this.#queue.length >= maxBatch) this.#send();
    else if (this.#queue.length > 0) this.#timer ??= this.#later(this.#context.limits.spanDelayMs);
  }
}

/** Fields that say how the request itself is sent. */
const framing: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "host",
  "te",
  "transfer-encoding",
  "upgrade",
]);

function onTimer(exporter: SpanExporter): void {
  exporter.send();
}
