import { createServer } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { readProtobuf } from "../../../src/wire/protobuf.ts";

/** Ports of the collector: OTLP over HTTP, OTLP over gRPC, and where it tells what it got. */
export const collectorPorts = { http: 4318, grpc: 4317, told: 9000 } as const;

export type CollectedSpan = {
  readonly over: "http" | "grpc";
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Header `x-tenant` of the export. */
  readonly tenant: string;
};

/** Spans that are kept: a test asks for few. */
const maxSpans = 10_000;

type JsonAttribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };
type JsonSpan = { readonly name: string; readonly traceId: string; readonly attributes: readonly JsonAttribute[] };
type JsonExport = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly JsonAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly JsonSpan[] }[];
  }[];
};

function byKey(attributes: readonly JsonAttribute[]): Readonly<Record<string, string>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]));
}

function readJson(text: string, tenant: string): CollectedSpan[] {
  return (JSON.parse(text) as JsonExport).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = byKey(resource.attributes)["service.name"] ?? "";
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, attributes }) => ({
        ...{ over: "http" as const, service, name, traceId, tenant },
        attributes: byKey(attributes),
      })),
    );
  });
}

/** Every message in a field. */
function every(message: Buffer, number: number): readonly Buffer[] {
  return (readProtobuf(message, 10_000) ?? []).flatMap((field) =>
    field.number === number && field.kind === "bytes" ? [field.value] : [],
  );
}

/** Attributes with text values. Spec: opentelemetry/proto/common/v1/common.proto. */
function texts(attributes: readonly Buffer[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    attributes.map((one) => [String(every(one, 1)[0]), String(every(every(one, 2)[0] ?? Buffer.alloc(0), 1)[0] ?? "")]),
  );
}

/** Spec: opentelemetry/proto/trace/v1/trace.proto. */
function readMessage(message: Buffer, tenant: string): CollectedSpan[] {
  return every(message, 1).flatMap((resourceSpans) => {
    const service = texts(every(resourceSpans, 1).flatMap((resource) => every(resource, 1)))["service.name"] ?? "";
    return every(resourceSpans, 2).flatMap((scope) =>
      every(scope, 2).map((span) => ({
        ...{ over: "grpc" as const, service, tenant, name: String(every(span, 5)[0] ?? "") },
        traceId: (every(span, 1)[0] ?? Buffer.alloc(0)).toString("hex"),
        attributes: texts(every(span, 9)),
      })),
    );
  });
}

/** Takes spans by OTLP over HTTP (JSON) and over gRPC; `GET /spans` on a port of its own tells them. */
export function serveCollector(): void {
  const spans: CollectedSpan[] = [];
  const keep = (more: readonly CollectedSpan[]): void => {
    spans.push(...more);
    spans.splice(0, Math.max(0, spans.length - maxSpans));
  };
  createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      keep(readJson(Buffer.concat(parts).toString(), String(request.headers["x-tenant"] ?? "")));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  }).listen(collectorPorts.http);
  createHttp2Server()
    .on("stream", (stream: ServerHttp2Stream, headers) => {
      const parts: Buffer[] = [];
      stream.on("error", () => stream.destroy());
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        keep(readMessage(Buffer.concat(parts).subarray(5), String(headers["x-tenant"] ?? "")));
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(Buffer.alloc(5));
      });
    })
    .listen(collectorPorts.grpc);
  createServer((_, response) => response.end(JSON.stringify(spans))).listen(collectorPorts.told);
}
