import type { TracingAttribute } from "../../ir/tracing.ts";
import { createSpanId } from "../../telemetry/trace-context.ts";
import type { Span, SpanAttribute } from "../../telemetry/tracing/span.ts";
import type { EndpointState } from "../upstream/endpoint-state.ts";
import type { TracingRuntime } from "./tracing-registry.ts";

/** Where a request stands in its trace. */
export type SpanPlace = {
  readonly traceId: string;
  /** Of the gateway's own span. */
  readonly spanId: string;
  /** `""` without a parent. */
  readonly parentId: string;
  readonly traceState: string;
};

/** What is known of a request when it begins; its bytes are gone when its spans are written. */
export type SpanSubject = {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  /** Such as `HTTP/1.1`. */
  readonly protocol: string;
  readonly scheme: string;
  readonly port: number;
  readonly clientAddress: string;
  readonly userAgent: string;
  header(name: string): string | undefined;
};

/** How a request, or an attempt at a backend, ended. */
export type SpanEnd = {
  /** 0: none came. */
  readonly status: number;
  /** What went wrong, as a short name; `""`: nothing. */
  readonly error: string;
  /** Outcome of a gRPC call. Absent: it was none. */
  readonly grpcStatus?: number;
};

/** gRPC statuses that are the server's fault. Spec: OpenTelemetry semantic conventions for gRPC. */
const grpcServerFaults: ReadonlySet<number> = new Set([2, 4, 12, 13, 14, 15]);

/** Which route a request took; empty texts when none. */
export type SpanRoute = {
  readonly gateway: string;
  readonly route: string;
  /** Path match of the route, such as `/cart`. */
  readonly pattern: string;
};

type Attempt = { readonly spanId: string; readonly startMs: number; readonly attributes: readonly SpanAttribute[] };

/**
 * The spans of one recorded request: one for the request as the client sees it, and below it one for each attempt at a
 * backend. Names and attributes: OpenTelemetry semantic conventions for HTTP.
 */
export class RequestSpans {
  readonly #runtime: TracingRuntime;
  readonly #place: SpanPlace;
  readonly #startMs: number;
  readonly #standard: SpanAttribute[];
  readonly #headers: ReadonlyMap<string, string>;
  readonly #finished: (Omit<Span, "attributes"> & { readonly attributes: readonly SpanAttribute[] })[] = [];
  readonly #method: string;
  #attempt: Attempt | undefined;
  #attempts = 0;

  constructor(runtime: TracingRuntime, place: SpanPlace, subject: SpanSubject) {
    this.#runtime = runtime;
    this.#place = place;
    this.#startMs = now();
    this.#method = subject.method;
    this.#standard = [
      ["http.request.method", subject.method],
      ["url.path", subject.path],
      ["url.scheme", subject.scheme],
      ["server.address", subject.host],
      ["server.port", subject.port],
      ["client.address", subject.clientAddress],
      ["network.protocol.name", "http"],
      ["network.protocol.version", subject.protocol.replace("HTTP/", "")],
    ];
    if (subject.userAgent !== "") this.#standard.push(["user_agent.original", subject.userAgent]);
    const headers = new Map<string, string>();
    for (const attribute of runtime.tracing.attributes) {
      const value = attribute.kind === "header" ? subject.header(attribute.header) : undefined;
      if (attribute.kind === "header" && value !== undefined) headers.set(attribute.header, value);
    }
    this.#headers = headers;
  }

  /** An attempt begins; returns the id that the backend gets as its parent. */
  beginAttempt(endpoint: EndpointState): string {
    const attributes: SpanAttribute[] = [
      ["http.request.method", this.#method],
      ["server.address", endpoint.address],
      ["server.port", endpoint.port],
      ["url.scheme", endpoint.tls === undefined ? "http" : "https"],
    ];
    if (this.#attempts > 0) attributes.push(["http.request.resend_count", this.#attempts]);
    this.#attempts++;
    this.#attempt = { spanId: createSpanId(), startMs: now(), attributes };
    return this.#attempt.spanId;
  }

  /** The attempt under way is over; nothing happens when there is none. */
  endAttempt(end: SpanEnd): void {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    this.#attempt = undefined;
    const failed = end.error !== "" || end.status >= 400;
    this.#finished.push({
      traceId: this.#place.traceId,
      spanId: attempt.spanId,
      parentId: this.#place.spanId,
      traceState: this.#place.traceState,
      name: this.#method,
      kind: "client",
      startMs: attempt.startMs,
      endMs: now(),
      failed,
      attributes: [...attempt.attributes, ...endAttributes(end, failed)],
    });
  }

  /** The request is over: all of its spans go to the exporter. */
  finish(end: SpanEnd, route: SpanRoute): void {
    const { tracing, exporter } = this.#runtime;
    const failed = end.error !== "" || end.status >= 500 || grpcServerFaults.has(end.grpcStatus ?? 0);
    const standard = [...this.#standard, ...endAttributes(end, failed)];
    if (route.pattern !== "") standard.push(["http.route", route.pattern]);
    if (route.gateway !== "") standard.push(["gateway.name", route.gateway]);
    if (route.route !== "") standard.push(["gateway.route.name", route.route]);
    const custom = tracing.attributes.flatMap((attribute) => this.#resolve(attribute, standard));
    const server: Span = {
      ...this.#place,
      name: tracing.spanName || (route.pattern === "" ? this.#method : `${this.#method} ${route.pattern}`),
      kind: "server",
      startMs: this.#startMs,
      endMs: now(),
      failed,
      attributes: merge(standard, custom),
    };
    exporter.add(server);
    for (const span of this.#finished) exporter.add({ ...span, attributes: merge(span.attributes, custom) });
  }

  #resolve(attribute: TracingAttribute, standard: readonly SpanAttribute[]): readonly SpanAttribute[] {
    switch (attribute.kind) {
      case "literal":
        return [[attribute.name, attribute.value]];
      case "header": {
        const value = this.#headers.get(attribute.header);
        return value === undefined ? [] : [[attribute.name, value]];
      }
      case "attribute": {
        const known = standard.find(([key]) => key === attribute.key);
        return known === undefined ? [] : [[attribute.name, known[1]]];
      }
    }
  }
}

function endAttributes({ status, error, grpcStatus }: SpanEnd, failed: boolean): readonly SpanAttribute[] {
  const attributes: SpanAttribute[] = [];
  if (status !== 0) attributes.push(["http.response.status_code", status]);
  if (grpcStatus !== undefined) attributes.push(["rpc.grpc.status_code", grpcStatus]);
  if (failed) attributes.push(["error.type", error === "" ? String(grpcStatus ?? status) : error]);
  return attributes;
}

/** A key may occur once: what the user configured wins. */
function merge(standard: readonly SpanAttribute[], custom: readonly SpanAttribute[]): readonly SpanAttribute[] {
  if (custom.length === 0) return standard;
  const keys = new Set(custom.map(([key]) => key));
  return [...standard.filter(([key]) => !keys.has(key)), ...custom];
}

/** Milliseconds since the epoch with fractions. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
