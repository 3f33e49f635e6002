/**
 * The messages of `envoy.service.auth.v3.Authorization/Check`, as far as a gateway sends and heeds them.
 * Spec: Envoy API v3, `service/auth/v3/external_auth.proto` and `attribute_context.proto`.
 */
import { type HeaderOption, readHeaderOptions } from "./header-options.ts";
import { type ProtobufField, ProtobufWriter, readProtobuf, readProtobufText } from "./protobuf.ts";
import { all, empty, every, last, maxFields, numberIn, texts } from "./protobuf-message.ts";

/** Path of the method. */
export const checkPath = "/envoy.service.auth.v3.Authorization/Check";

export type Peer = { readonly address: string; readonly port: number };

/** What an authorisation server is told of a request. */
export type CheckRequest = {
  readonly source: Peer;
  readonly destination: Peer;
  /** When the request began. Milliseconds since the epoch. */
  readonly startMs: number;
  readonly id: string;
  readonly method: string;
  /** Lower-case names, each once; values as they came over the wire, a byte for each character. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** With the query, as in the request line. */
  readonly path: string;
  readonly host: string;
  readonly scheme: string;
  /** Such as `HTTP/1.1`. */
  readonly protocol: string;
  /** Of the body; -1 when it is not known. Bytes. */
  readonly size: number;
  readonly body: Buffer;
  /** Values of the gateway's own configuration. */
  readonly context: readonly (readonly [name: string, value: string])[];
  /** The route; `undefined`: it is not told. */
  readonly route: { readonly kind: string; readonly namespace: string; readonly name: string } | undefined;
};

export type AuthHeader = HeaderOption;

/** What an authorisation server answers. */
export type CheckResponse =
  | {
      readonly kind: "ok";
      /** Changes to the request. */
      readonly headers: readonly AuthHeader[];
      readonly removeHeaders: readonly string[];
      readonly setQuery: readonly (readonly [key: string, value: string])[];
      readonly removeQuery: readonly string[];
      /** Changes to the answer that the client gets. */
      readonly responseHeaders: readonly AuthHeader[];
    }
  | {
      readonly kind: "denied";
      /** 0: the server named none. */
      readonly status: number;
      readonly headers: readonly AuthHeader[];
      readonly body: Buffer;
    };

export function encodeCheckRequest(check: CheckRequest): Buffer {
  const http = new ProtobufWriter().string(1, check.id).string(2, check.method);
  for (const [name, value] of check.headers) http.entry(3, name, asText(value));
  http.string(4, check.path).string(5, check.host).string(6, check.scheme);
  // `size` is signed: -1 is what stands for "unknown", ten bytes long; leaving it out says the same.
  if (check.size > 0) http.varint(9, check.size);
  http.string(10, check.protocol);
  if (readProtobufText(check.body) !== undefined) http.bytes(11, check.body);
  else http.bytes(12, check.body);

  const seconds = Math.floor(check.startMs / 1000);
  const time = new ProtobufWriter()
    .varint(1, seconds)
    .varint(2, Math.round(check.startMs - seconds * 1000) * 1_000_000);
  const attributes = new ProtobufWriter()
    .message(1, peer(check.source))
    .message(2, peer(check.destination))
    .message(4, new ProtobufWriter().message(1, time).message(2, http));
  for (const [name, value] of check.context) attributes.entry(10, name, value);
  if (check.route !== undefined) attributes.message(13, routeMetadata(check.route));
  return new ProtobufWriter().message(1, attributes).finish();
}

/**
 * `envoy.config.core.v3.Metadata` as Envoy Gateway has it for a route: below `envoy-gateway`, a list `resources` of structs.
 * Spec: `google/protobuf/struct.proto`.
 */
function routeMetadata(route: NonNullable<CheckRequest["route"]>): ProtobufWriter {
  const struct = new ProtobufWriter();
  for (const [name, value] of Object.entries(route))
    struct.message(1, member(name, new ProtobufWriter().string(3, value)));
  const list = new ProtobufWriter().message(1, new ProtobufWriter().message(5, struct));
  const resources = new ProtobufWriter().message(1, member("resources", new ProtobufWriter().message(6, list)));
  return new ProtobufWriter().message(1, member("envoy-gateway", resources));
}

/** An entry of a map from names to messages. */
function member(name: string, value: ProtobufWriter): ProtobufWriter {
  return new ProtobufWriter().string(1, name).message(2, value);
}

/** Bytes of a header value as text: UTF-8 where they are that, latin1 otherwise. */
function asText(value: string): string {
  return readProtobufText(Buffer.from(value, "latin1")) ?? value;
}

function peer({ address, port }: Peer): ProtobufWriter {
  const socket = new ProtobufWriter().string(2, address).varint(3, port);
  return new ProtobufWriter().message(1, new ProtobufWriter().message(1, socket));
}

/** Reads an answer; `undefined` when it cannot be understood, which is no permission. */
export function decodeCheckResponse(bytes: Buffer): CheckResponse | undefined {
  const fields = readProtobuf(bytes, maxFields);
  if (fields === undefined || !areBytes(fields, [1, 2, 3])) return undefined;
  const status = last(fields, 1);
  // By proto3 an absent status is OK; but then an answer without a word, which is also what other schemas look like, would admit.
  const says = status !== undefined || last(fields, 2) !== undefined || last(fields, 3) !== undefined;
  const code = status === undefined ? 0 : numberIn(status, 1);
  if (!says || code === undefined) return undefined;
  if (code !== 0) return denied(last(fields, 2) ?? empty);
  // Permission and refusal in one answer: refuse. A permission may come without any of the two.
  if (last(fields, 2) !== undefined) return denied(last(fields, 2)!);
  return permitted(last(fields, 3) ?? empty);
}

function denied(bytes: Buffer): CheckResponse | undefined {
  const fields = readProtobuf(bytes, maxFields);
  if (fields === undefined) return undefined;
  const status = last(fields, 1);
  const code = status === undefined ? 0 : numberIn(status, 1);
  const headers = readHeaderOptions(fields, 2, "set");
  if (code === undefined || headers === undefined) return undefined;
  return { kind: "denied", status: code, headers, body: last(fields, 3) ?? empty };
}

function permitted(bytes: Buffer): CheckResponse | undefined {
  const fields = readProtobuf(bytes, maxFields);
  if (fields === undefined) return undefined;
  const headers = readHeaderOptions(fields, 2, "set");
  const responseHeaders = readHeaderOptions(fields, 6, "add");
  const removeHeaders = texts(fields, 5);
  const removeQuery = texts(fields, 8);
  const setQuery = readPairs(fields, 7);
  if (!headers || !responseHeaders || !removeHeaders || !removeQuery || !setQuery) return undefined;
  return {
    kind: "ok",
    headers,
    responseHeaders,
    removeHeaders: removeHeaders.map((name) => name.toLowerCase()),
    setQuery,
    removeQuery,
  };
}

/** Whether the fields of these numbers are what the schema says: anything else is a message of another schema. */
function areBytes(fields: readonly ProtobufField[], numbers: readonly number[]): boolean {
  return fields.every((field) => field.kind === "bytes" || !numbers.includes(field.number));
}

/** `key` and `value` at 1 and 2. */
function readPairs(fields: readonly ProtobufField[], number: number): readonly [string, string][] | undefined {
  return all(every(fields, number).map(readPair));
}

function readPair(bytes: Buffer): [string, string] | undefined {
  const fields = readProtobuf(bytes, maxFields);
  if (fields === undefined) return undefined;
  const key = readProtobufText(last(fields, 1) ?? empty);
  const value = readProtobufText(last(fields, 2) ?? empty);
  return key === undefined || value === undefined ? undefined : [key, value];
}
