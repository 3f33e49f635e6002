/** A request's head as the header block that it is in HTTP/2. RFC 9113 §8.3.1, RFC 8441. */
import { renderGrpcTimeout } from "../../wire/grpc-timeout.ts";
import { connectionFields } from "../../wire/http1/known-field.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import type { OutgoingFields, OutgoingRequest } from "./exchange.ts";

const space = 32;
const httpScheme: HeaderField = { name: ":scheme", value: "http" };
const httpsScheme: HeaderField = { name: ":scheme", value: "https" };
const trailersField: HeaderField = { name: "te", value: "trailers" };
const websocketField: HeaderField = { name: ":protocol", value: "websocket" };

export type Http2Request = {
  readonly fields: readonly HeaderField[];
  /** -1: not announced. */
  readonly contentLength: number;
  /** It is an extended CONNECT. That has no body: an upgrade with one is passed over. */
  readonly tunnel: boolean;
  /** Lower-case protocol that an upgrade asks for; `""`: none. */
  readonly upgrade: string;
  /** Sec-WebSocket-Key, which HTTP/2 does not send; `""`: none. */
  readonly websocketKey: string;
};

export type RequestScheme = "http" | "https";

/** Translates the head; an upgrade becomes an extended CONNECT. `nowMs` (monotonic) tells what is left of a gRPC deadline. */
export function translateRequest(request: OutgoingRequest, scheme: RequestScheme, nowMs: number): Http2Request {
  if (request.fields !== undefined) return addressFields(request, request.fields, scheme, nowMs);
  const { deadlineMs = Number.POSITIVE_INFINITY } = request;
  const tunnel = request.upgrade && request.framing === "none";
  const text = request.head.latin1Slice(0, request.headEnd);
  const lineEnd = text.indexOf("\r\n");
  const methodEnd = text.indexOf(" ");
  const targetEnd = text.lastIndexOf(" ", lineEnd);
  const rest: HeaderField[] = [];
  let authority = "";
  let contentLength = -1;
  let upgrade = "";
  let websocketKey = "";
  for (let at = lineEnd + 2; ; ) {
    const end = text.indexOf("\r\n", at);
    if (end <= at) break;
    const colon = text.indexOf(":", at);
    const name = text.slice(at, colon).toLowerCase();
    const value = fieldValue(text, colon + 1, end);
    at = end + 2;
    if (name === "host") authority = value;
    else if (name === "upgrade") upgrade = value.toLowerCase();
    // HTTP/2 says them in another way, or not at all. What a client may send of them was judged before.
    if (name === "host" || connectionFields.has(name)) continue;
    if (name === "content-length") contentLength = Number(value);
    else if (name === "grpc-timeout" && deadlineMs !== Number.POSITIVE_INFINITY) continue;
    else if (tunnel && name === "sec-websocket-key") {
      websocketKey = value;
      continue;
    }
    rest.push({ name, value });
  }
  const fields: HeaderField[] = [
    { name: ":method", value: tunnel ? "CONNECT" : text.slice(0, methodEnd) },
    scheme === "http" ? httpScheme : httpsScheme,
    { name: ":authority", value: authority },
    { name: ":path", value: text.slice(methodEnd + 1, targetEnd) },
  ];
  if (tunnel) fields.push(websocketField);
  for (const field of rest) fields.push(field);
  addOwnFields(fields, request, nowMs);
  return { fields, contentLength, tunnel, upgrade, websocketKey };
}

/** The block of a head that is there as fields. */
function addressFields(
  request: OutgoingRequest,
  { authority, path, fields: rest, contentLength }: OutgoingFields,
  scheme: RequestScheme,
  nowMs: number,
): Http2Request {
  const fields: HeaderField[] = [
    { name: ":method", value: request.method },
    scheme === "http" ? httpScheme : httpsScheme,
    { name: ":authority", value: authority },
    { name: ":path", value: path },
  ];
  const timed = request.deadlineMs !== undefined && request.deadlineMs !== Number.POSITIVE_INFINITY;
  for (let i = 0; i < rest.length; i++) {
    const field = rest[i]!;
    if (!timed || field.name !== "grpc-timeout") fields.push(field);
  }
  addOwnFields(fields, request, nowMs);
  return { fields, contentLength, tunnel: false, upgrade: "", websocketKey: "" };
}

/** What HTTP/2 says in its own way, or is worked out anew for each attempt. */
function addOwnFields(fields: HeaderField[], request: OutgoingRequest, nowMs: number): void {
  const { acceptsTrailers, deadlineMs = Number.POSITIVE_INFINITY } = request;
  if (acceptsTrailers === true) fields.push(trailersField);
  if (deadlineMs === Number.POSITIVE_INFINITY) return;
  fields.push({ name: "grpc-timeout", value: renderGrpcTimeout(deadlineMs - nowMs) });
}

/** Canonical lines have one space before the value and none behind; a filter's need not. */
function fieldValue(text: string, start: number, end: number): string {
  const from = text.charCodeAt(start) === space ? start + 1 : start;
  const value = text.slice(from, end);
  return text.charCodeAt(from) <= space || text.charCodeAt(end - 1) <= space ? value.trim() : value;
}
