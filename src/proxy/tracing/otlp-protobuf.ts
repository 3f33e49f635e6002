import { renderNanoseconds, spanKinds, statusError } from "../../telemetry/tracing/otlp-json.ts";
import type { Span, SpanAttribute } from "../../telemetry/tracing/span.ts";
import { ProtobufWriter } from "../../wire/protobuf.ts";

/** Path of an OTLP/gRPC receiver for traces. */
export const otlpTracesMethod = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/** `ExportTraceServiceRequest`. Spec: opentelemetry-proto, `trace/v1/trace.proto`. */
export function encodeOtlp(serviceName: string, version: string, spans: readonly Span[]): Buffer {
  const resource = writeAttributes(new ProtobufWriter(), 1, [["service.name", serviceName]]);
  const scope = new ProtobufWriter().message(1, new ProtobufWriter().string(1, "sluice").string(2, version));
  for (const span of spans) scope.message(2, writeSpan(span));
  return new ProtobufWriter().message(1, new ProtobufWriter().message(1, resource).message(2, scope)).finish();
}

function writeSpan(span: Span): ProtobufWriter {
  const writer = new ProtobufWriter()
    .bytes(1, Buffer.from(span.traceId, "hex"))
    .bytes(2, Buffer.from(span.spanId, "hex"))
    .string(3, span.traceState)
    .bytes(4, Buffer.from(span.parentId, "hex"))
    .string(5, span.name)
    .varint(6, spanKinds[span.kind])
    .fixed64(7, BigInt(renderNanoseconds(span.startMs)))
    .fixed64(8, BigInt(renderNanoseconds(span.endMs)));
  writeAttributes(writer, 9, span.attributes);
  return span.failed ? writer.message(15, new ProtobufWriter().varint(3, statusError)) : writer;
}

function writeAttributes(writer: ProtobufWriter, field: number, attributes: readonly SpanAttribute[]): ProtobufWriter {
  for (const [key, value] of attributes) {
    const any = new ProtobufWriter();
    writer.message(
      field,
      new ProtobufWriter()
        .string(1, key)
        .message(2, typeof value === "number" ? any.varint(3, value) : any.string(1, value)),
    );
  }
  return writer;
}
