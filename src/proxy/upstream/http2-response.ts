/**
 * An answer of HTTP/2 as the HTTP/1.1 message that it stands for: the engine reads every answer with one codec, whatever the
 * endpoint speaks, and bodies cross the seam in HTTP/1.1 framing.
 */
import { createHash } from "node:crypto";
import { DEFAULT_TRAILER_BYTES } from "../../wire/http1/chunked.ts";
import type { HeadLimits } from "../../wire/http1/message-head.ts";
import { parseResponseHead, ResponseHead } from "../../wire/http1/response-head.ts";
import { isForbiddenTrailerName } from "../../wire/http1/trailer-field.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import { type ResponseMessage, trailersFault } from "../../wire/http2/message.ts";
import type { UpstreamEvents } from "./exchange.ts";

/** How the rest of an answer is delimited on its way to the client. */
export type AnswerFraming = "none" | "length" | "chunked";

/** Head of the answer that is being handed over, and its bytes. One for the thread: valid until the next answer. */
const sharedHead = new ResponseHead();
let scratch: Buffer = Buffer.allocUnsafeSlow(4_096);

export type WrittenAnswer = { readonly bytes: Buffer; readonly head: ResponseHead };

const crlf = Buffer.from("\r\n");
const lastChunk = Buffer.from("0\r\n\r\n");
/** Size lines of chunks; one at a time is put together. */
const sizeLine = Buffer.alloc(16);

/** Appended to the key of a WebSocket handshake. RFC 6455 §1.3. */
const websocketSalt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * Whether a body may follow, and how it is delimited. A gRPC answer is chunked whatever it announces: its outcome stands in
 * trailers, which only chunks can carry.
 */
export function answerFraming(message: ResponseMessage, method: string, endStream: boolean): AnswerFraming {
  if (endStream || method === "HEAD" || message.status === 204 || message.status === 304) return "none";
  if (message.contentLength < 0 || isGrpc(message)) return "chunked";
  return message.contentLength === 0 ? "none" : "length";
}

function isGrpc({ fields }: ResponseMessage): boolean {
  return fields.some(({ name, value }) => name === "content-type" && value.startsWith("application/grpc"));
}

/**
 * Writes and parses the head of a final answer; `undefined` when HTTP/1.1 cannot say it, or the body that it announces does
 * not follow.
 */
export function writeAnswer(
  message: ResponseMessage,
  framing: AnswerFraming,
  options: { readonly method: string; readonly endStream: boolean; readonly limits: HeadLimits },
): WrittenAnswer | undefined {
  const { status, contentLength } = message;
  if (options.endStream && contentLength > 0 && options.method !== "HEAD" && status !== 304) return undefined;
  let text = `HTTP/1.1 ${status} \r\n${lines(message.fields)}`;
  if (framing === "chunked") text += "transfer-encoding: chunked\r\n";
  else if (contentLength >= 0 && status !== 204) text += `content-length: ${contentLength}\r\n`;
  else if (options.method !== "HEAD" && status !== 204 && status !== 304) text += "content-length: 0\r\n";
  return read(text, options.limits);
}

/** Writes and parses the head of an interim answer. */
export function writeInterim(message: ResponseMessage, limits: HeadLimits): WrittenAnswer | undefined {
  return read(`HTTP/1.1 ${message.status} \r\n${lines(message.fields)}`, limits);
}

/** Writes and parses the 101 that a granted extended CONNECT stands for. RFC 8441 §5. */
export function writeSwitch(
  message: ResponseMessage,
  websocketKey: string,
  limits: HeadLimits,
): WrittenAnswer | undefined {
  const accept = createHash("sha1")
    .update(websocketKey + websocketSalt)
    .digest("base64");
  const handshake = `connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n`;
  return read(`HTTP/1.1 101 \r\n${handshake}${lines(message.fields)}`, limits);
}

/** The end of a chunked body with these trailers; `undefined` when one of them must not stand there, or they are too large. */
export function writeTrailers(block: readonly HeaderField[]): Buffer | undefined {
  if (trailersFault(block) !== undefined || block.some(({ name }) => isForbiddenTrailerName(name, "backend"))) {
    return undefined;
  }
  const text = lines(block);
  return text.length > DEFAULT_TRAILER_BYTES ? undefined : Buffer.from(`0\r\n${text}\r\n`, "latin1");
}

/** The outcome of a gRPC call that its trailers tell. */
export function grpcStatusIn(block: readonly HeaderField[]): number | undefined {
  const text = block.find(({ name }) => name === "grpc-status")?.value;
  return text !== undefined && /^[0-9]{1,4}$/.test(text) ? Number(text) : undefined;
}

/** Hands content over as a chunk. */
export function passChunk(events: UpstreamEvents, bytes: Buffer, start: number, end: number): void {
  events.onResponseBody(sizeLine, 0, sizeLine.latin1Write(`${(end - start).toString(16)}\r\n`));
  events.onResponseBody(bytes, start, end);
  events.onResponseBody(crlf, 0, crlf.length);
}

/** Hands over the end of a chunked body that has no trailers. */
export function passLastChunk(events: UpstreamEvents): void {
  events.onResponseBody(lastChunk, 0, lastChunk.length);
}

/** The block has been judged: no text in it can end a line. The length is the writer's to say. */
function lines(fields: readonly HeaderField[]): string {
  let text = "";
  for (const { name, value } of fields) if (name !== "content-length") text += `${name}: ${value}\r\n`;
  return text;
}

function read(text: string, limits: HeadLimits): WrittenAnswer | undefined {
  const whole = `${text}\r\n`;
  if (whole.length > scratch.length) scratch = Buffer.allocUnsafeSlow(whole.length * 2);
  const end = scratch.latin1Write(whole);
  sharedHead.reset();
  if (parseResponseHead(scratch, 0, end, sharedHead, limits) === end) return { bytes: scratch, head: sharedHead };
  sharedHead.reset();
  return undefined;
}
