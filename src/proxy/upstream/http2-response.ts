/** What of an answer of HTTP/2 is judged, or told otherwise, beside its head. */
import type { AnswerHead } from "../../wire/head/answer-head.ts";
import { Http1AnswerHead } from "../../wire/head/http1-answer-head.ts";
import { sizeAsLines } from "../../wire/head/http2-fields.ts";
import { DEFAULT_TRAILER_BYTES } from "../../wire/http1/chunked.ts";
import type { HeadLimits } from "../../wire/http1/message-head.ts";
import { parseResponseHead, ResponseHead } from "../../wire/http1/response-head.ts";
import { isForbiddenTrailerName } from "../../wire/http1/trailer-field.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import { type ResponseMessage, trailersFault } from "../../wire/http2/message.ts";
import { webSocketAccept } from "../../wire/websocket.ts";

/** The 101 of HTTP/1.1 that a granted extended CONNECT stands for; `undefined` when its head breaks a limit. RFC 8441 §5. */
export function readSwitch(message: ResponseMessage, websocketKey: string, limits: HeadLimits): AnswerHead | undefined {
  const accept = webSocketAccept(websocketKey);
  let text = `HTTP/1.1 101 \r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n`;
  // The block has been judged: no text in it can end a line.
  for (const { name, value } of message.fields) if (name !== "content-length") text += `${name}: ${value}\r\n`;
  const bytes = Buffer.from(`${text}\r\n`, "latin1");
  const head = new ResponseHead();
  const whole = parseResponseHead(bytes, 0, bytes.length, head, limits) === bytes.length;
  return whole ? new Http1AnswerHead(bytes, head) : undefined;
}

/** Whether these trailers may be passed on: none of them must not stand there, and they are not too large. */
export function areTrailers(block: readonly HeaderField[]): boolean {
  if (trailersFault(block) !== undefined || sizeAsLines(block) > DEFAULT_TRAILER_BYTES) return false;
  return !block.some(({ name }) => isForbiddenTrailerName(name, "backend"));
}
