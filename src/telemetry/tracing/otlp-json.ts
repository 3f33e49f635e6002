import type { Span, SpanAttribute } from "./span.ts";

/** Path of an OTLP/HTTP receiver for traces. */
export const otlpTracesPath = "/v1/traces";

/** Numbers of the OTLP schema: `SpanKind`, `StatusCode`. */
export const spanKinds = { server: 2, client: 3 } as const;
export const statusError = 2;

/** `ExportTraceServiceRequest` as OTLP/HTTP's JSON: ids in hexadecimal, 64-bit numbers as text. Spec: OTLP 1.x, JSON Protobuf encoding. */
export function renderOtlpJson(serviceName: string, version: string, spans: readonly Span[]): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: renderAttributes([["service.name", serviceName]]) },
        scopeSpans: [{ scope: { name: "sluice", version }, spans: spans.map(renderSpan) }],
      },
    ],
  });
}

function renderSpan(span: Span): unknown {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.traceState === "" ? {} : { traceState: span.traceState }),
    ...(span.parentId === "" ? {} : { parentSpanId: span.parentId }),
    name: span.name,
    kind: spanKinds[span.kind],
    startTimeUnixNano: renderNanoseconds(span.startMs),
    endTimeUnixNano: renderNanoseconds(span.endMs),
    attributes: renderAttributes(span.attributes),
    ...(span.failed ? { status: { code: statusError } } : {}),
  };
}

function renderAttributes(attributes: readonly SpanAttribute[]): unknown {
  return attributes.map(([key, value]) => ({
    key,
    value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
  }));
}

/** Whole nanoseconds as text: they do not fit a number. Microseconds are as exact as the clock. */
export function renderNanoseconds(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}
