/**
 * The messages of `envoy.service.ext_proc.v3.ExternalProcessor/Process`, as far as a gateway sends and heeds them.
 * Spec: Envoy API v3, `service/ext_proc/v3/external_processor.proto`.
 */
import { type HeaderOption, readHeaderOptions } from "./header-options.ts";
import { ProtobufWriter, readProtobuf, readProtobufText } from "./protobuf.ts";
import { all, empty, every, last, maxFields, numberIn } from "./protobuf-message.ts";

/** Path of the method. */
export const processPath = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";

type Headers = readonly (readonly [name: string, value: string])[];

/** What a service is told, one after the other. Values of headers are latin1, a byte for each character. */
export type ProcessingRequest =
  | { readonly kind: "headers"; readonly of: "request" | "response"; readonly headers: Headers; readonly end: boolean }
  | { readonly kind: "body"; readonly of: "request" | "response"; readonly bytes: Buffer; readonly end: boolean };

/** Numbers of the fields of ProcessingRequest, and of ProcessingResponse. */
const asked = { headers: { request: 2, response: 3 }, body: { request: 4, response: 5 } } as const;
const answered = { headers: { request: 1, response: 2 }, body: { request: 3, response: 4 } } as const;

/** Where attributes stand, as Envoy names the filter. */
const attributesKey = "envoy.filters.http.ext_proc";

export function encodeProcessingRequest(
  request: ProcessingRequest,
  attributes: Readonly<Record<string, string>> = {},
): Buffer {
  const message = new ProtobufWriter();
  const end = request.end ? 1 : 0;
  const field = asked[request.kind][request.of];
  if (request.kind === "body") message.message(field, new ProtobufWriter().bytes(1, request.bytes).varint(2, end));
  else {
    const map = new ProtobufWriter();
    // By `raw_value`, as Envoy does: a value need not be UTF-8.
    for (const [name, value] of request.headers)
      map.message(1, new ProtobufWriter().string(1, name).bytes(3, Buffer.from(value, "latin1")));
    message.message(field, new ProtobufWriter().message(1, map).varint(3, end));
  }
  const values = Object.entries(attributes);
  if (values.length > 0) {
    const struct = new ProtobufWriter();
    for (const [name, value] of values)
      struct.message(1, new ProtobufWriter().string(1, name).message(2, new ProtobufWriter().string(3, value)));
    message.message(9, new ProtobufWriter().string(1, attributesKey).message(2, struct));
  }
  return message.finish();
}

/** Changes that a service wants of one message. */
export type HeaderMutation = { readonly set: readonly HeaderOption[]; readonly remove: readonly string[] };

export type ProcessingResponse =
  | {
      readonly kind: "headers" | "body";
      readonly of: "request" | "response";
      readonly mutation: HeaderMutation;
      /** Takes the place of the content that was sent; `undefined`: that stays. */
      readonly body: Buffer | undefined;
    }
  /** The client is to be answered with this. */
  | {
      readonly kind: "immediate";
      /** 0: none was named. */
      readonly status: number;
      readonly mutation: HeaderMutation;
      readonly body: Buffer;
      /** -1: none. */
      readonly grpcStatus: number;
    };

/** Reads an answer; `undefined` when it cannot be understood, or says what is not carried out. */
export function decodeProcessingResponse(bytes: Buffer): ProcessingResponse | undefined {
  const fields = readProtobuf(bytes, maxFields);
  if (fields === undefined) return undefined;
  const immediate = last(fields, 7);
  if (immediate !== undefined) return readImmediate(immediate);
  for (const kind of ["headers", "body"] as const) {
    for (const side of ["request", "response"] as const) {
      const found = last(fields, answered[kind][side]);
      if (found === undefined) continue;
      const common = readCommon(found);
      return common && { kind, of: side, ...common };
    }
  }
  return undefined;
}

function readCommon(
  bytes: Buffer,
): { readonly mutation: HeaderMutation; readonly body: Buffer | undefined } | undefined {
  const fields = readProtobuf(bytes, maxFields);
  const common = fields && readProtobuf(last(fields, 1) ?? empty, maxFields);
  if (common === undefined) return undefined;
  const mutation = readMutation(last(common, 2) ?? empty);
  const change = last(common, 3);
  const parts = change === undefined ? [] : readProtobuf(change, maxFields);
  if (mutation === undefined || parts === undefined) return undefined;
  // Parts of a body that belong to no part that was sent are asked for by nobody.
  if (last(parts, 3) !== undefined) return undefined;
  const clears = change !== undefined && numberIn(change, 2) === 1;
  return { mutation, body: clears ? empty : last(parts, 1) };
}

function readMutation(bytes: Buffer): HeaderMutation | undefined {
  const fields = readProtobuf(bytes, maxFields);
  if (fields === undefined) return undefined;
  const set = readHeaderOptions(fields, 1, "set");
  const remove = all(every(fields, 2).map(readProtobufText));
  return set && remove && { set, remove: remove.map((name) => name.toLowerCase()) };
}

function readImmediate(bytes: Buffer): ProcessingResponse | undefined {
  const fields = readProtobuf(bytes, maxFields);
  if (fields === undefined) return undefined;
  const status = numberIn(last(fields, 1) ?? empty, 1);
  const mutation = readMutation(last(fields, 2) ?? empty);
  const grpc = last(fields, 4);
  const grpcStatus = grpc === undefined ? -1 : numberIn(grpc, 1);
  if (status === undefined || mutation === undefined || grpcStatus === undefined) return undefined;
  return { kind: "immediate", status, mutation, body: last(fields, 3) ?? empty, grpcStatus };
}
