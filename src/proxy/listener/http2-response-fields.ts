import type { AnswerHead } from "../../wire/head/answer-head.ts";
import { ResponseField } from "../../wire/http1/known-field.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import { grpcReply } from "../grpc-reply.ts";
import { grpcStatusForHttp } from "../grpc-status.ts";
import type { HeaderEdits } from "../header-edits.ts";
import { dateText } from "../http-date.ts";
import type { RelayedResponse } from "../responder.ts";

/** `:status` of every status, made once. */
const statusFields: readonly HeaderField[] = Array.from({ length: 600 }, (_, status) => ({
  name: ":status",
  value: String(status),
}));

/** Fields that belong to the handshake of HTTP/1.1 and mean nothing in HTTP/2. RFC 8441 §5. */
const handshakeFields: ReadonlySet<string> = new Set(["sec-websocket-accept", "sec-websocket-key"]);

export function statusField(status: number): HeaderField {
  return statusFields[status]!;
}

/** The fields of a relayed answer: what the engine keeps of its head, the filters' changes, length and date. */
export function responseFields({ head, edits }: RelayedResponse): HeaderField[] {
  const fields: HeaderField[] = [statusField(head.status)];
  head.addFields(fields);
  edits.addFields(fields);
  if (!head.has(ResponseField.date) && !edits.decides("date")) fields.push({ name: "date", value: dateText() });
  if (head.contentLength >= 0 && head.status !== 204) {
    fields.push({ name: "content-length", value: String(head.contentLength) });
  }
  return fields;
}

/** The fields of an interim answer. */
export function interimFields(head: AnswerHead): HeaderField[] {
  const fields: HeaderField[] = [statusField(head.status)];
  head.addFields(fields);
  return fields;
}

/** The fields of the answer that opens a tunnel: a 200 in place of the 101. RFC 8441 §5. */
export function tunnelFields({ head, edits }: RelayedResponse): HeaderField[] {
  const fields: HeaderField[] = [statusField(200)];
  head.addFields(fields);
  edits.addFields(fields);
  return fields.filter(({ name }) => !handshakeFields.has(name));
}

/** The fields of an answer of our own with a body of that many bytes. */
export function ownFields(status: number, edits: HeaderEdits, bodyBytes: number): HeaderField[] {
  const fields: HeaderField[] = [statusField(status)];
  edits.addFields(fields);
  if (!edits.decides("date")) fields.push({ name: "date", value: dateText() });
  if (status !== 204 && status !== 304) fields.push({ name: "content-length", value: String(bodyBytes) });
  return fields;
}

/** The fields of an answer to a request that no exchange serves. */
export function refusalFields(status: number, bodyBytes: number): HeaderField[] {
  return [
    statusField(status),
    { name: "content-type", value: "text/plain; charset=utf-8" },
    { name: "date", value: dateText() },
    { name: "content-length", value: String(bodyBytes) },
  ];
}

/** The same for a gRPC call: its status in place of a page. */
export function grpcRefusalFields(status: number, message: string): HeaderField[] {
  const { headers } = grpcReply(grpcStatusForHttp(status), message);
  return [statusField(200), ...headers.map(([name, value]) => ({ name, value })), { name: "date", value: dateText() }];
}
