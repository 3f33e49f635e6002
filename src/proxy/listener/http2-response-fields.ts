import { FIELD_VALUE, LOWERCASE } from "../../wire/http1/ascii.ts";
import { ResponseField } from "../../wire/http1/known-field.ts";
import { LINE_SLOTS } from "../../wire/http1/message-head.ts";
import type { ResponseHead } from "../../wire/http1/response-head.ts";
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
export function responseFields({ bytes, head, edits }: RelayedResponse): HeaderField[] {
  const fields: HeaderField[] = [statusField(head.status)];
  addKeptLines(fields, bytes, head);
  addEdits(fields, edits);
  if (head.first[ResponseField.date]! < 0 && !edits.decides("date")) fields.push({ name: "date", value: dateText() });
  if (head.contentLength >= 0 && head.status !== 204 && !head.chunked) {
    fields.push({ name: "content-length", value: String(head.contentLength) });
  }
  return fields;
}

/** The fields of an interim answer. */
export function interimFields(bytes: Buffer, head: ResponseHead): HeaderField[] {
  const fields: HeaderField[] = [statusField(head.status)];
  addKeptLines(fields, bytes, head);
  return fields;
}

/** The fields of the answer that opens a tunnel: a 200 in place of the 101. RFC 8441 §5. */
export function tunnelFields({ bytes, head, edits }: RelayedResponse): HeaderField[] {
  const fields: HeaderField[] = [statusField(200)];
  addKeptLines(fields, bytes, head);
  addEdits(fields, edits);
  return fields.filter(({ name }) => !handshakeFields.has(name));
}

/** The fields of an answer of our own with a body of that many bytes. */
export function ownFields(status: number, edits: HeaderEdits, bodyBytes: number): HeaderField[] {
  const fields: HeaderField[] = [statusField(status)];
  addEdits(fields, edits);
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

/** Lines of trailers (each with CR LF) as fields; they have been judged as part of their chunked body. */
export function trailerFields(lines: string): HeaderField[] {
  return lines
    .split("\r\n")
    .filter((line) => line !== "")
    .map((line) => {
      const colon = line.indexOf(":");
      return { name: line.slice(0, colon).toLowerCase(), value: line.slice(colon + 1).trim() };
    });
}

/** A line is kept when its first byte lies in a kept run; both lists ascend. */
function addKeptLines(fields: HeaderField[], bytes: Buffer, head: ResponseHead): void {
  const { lines, runs, runLength } = head;
  let run = 0;
  for (let line = 0; line < head.lineCount; line++) {
    const slot = line * LINE_SLOTS;
    const start = lines[slot]!;
    while (run < runLength && runs[run + 1]! <= start) run += 2;
    if (run === runLength) return;
    if (runs[run]! > start) continue;
    const name = fieldName(bytes, start, lines[slot + 1]!);
    fields.push({ name, value: bytes.latin1Slice(lines[slot + 2]!, lines[slot + 3]!) });
  }
}

/** Lower-case names met so far, by hash: nearly every answer uses the same few. */
const knownNames = new Map<number, string>();
const maxKnownNames = 512;

/** A field name in lower case, without making a string for one that was met before. */
function fieldName(bytes: Buffer, start: number, end: number): string {
  let hash = 0;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + LOWERCASE[bytes[i]!]!) | 0;
  const known = knownNames.get(hash);
  if (known !== undefined && known.length === end - start) {
    let i = 0;
    while (i < known.length && known.charCodeAt(i) === LOWERCASE[bytes[start + i]!]) i++;
    if (i === known.length) return known;
  }
  const name = bytes.latin1Slice(start, end).toLowerCase();
  if (knownNames.size < maxKnownNames) knownNames.set(hash, name);
  return name;
}

function addEdits(fields: HeaderField[], edits: HeaderEdits): void {
  for (let i = 0; i < edits.count; i++) fields.push({ name: edits.nameAt(i), value: fieldText(edits.valueAt(i)) });
}

/** Text of a filter as a field value: what may not stand in one becomes a space, none of it at either end. RFC 9113 §8.2.1. */
function fieldText(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (FIELD_VALUE[text.charCodeAt(i)] === 1) continue;
    const spaced = Array.from(text, (character) => (FIELD_VALUE[character.charCodeAt(0)] === 1 ? character : " "));
    return spaced.join("").trim();
  }
  return text.trim();
}
