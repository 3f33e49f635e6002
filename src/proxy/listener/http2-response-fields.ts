import { FIELD_VALUE } from "../../wire/http1/ascii.ts";
import { ResponseField } from "../../wire/http1/known-field.ts";
import { LINE_SLOTS } from "../../wire/http1/message-head.ts";
import type { ResponseHead } from "../../wire/http1/response-head.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
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
  if (head.first[ResponseField.date]! < 0) fields.push({ name: "date", value: dateText() });
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
  fields.push({ name: "date", value: dateText() });
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
    fields.push({ name: head.lineName(bytes, line), value: bytes.latin1Slice(lines[slot + 2]!, lines[slot + 3]!) });
  }
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
