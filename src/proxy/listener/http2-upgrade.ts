import { Http1ReceivedRequest } from "../../wire/head/http1-received-request.ts";
import { parseRequestHead, RequestHead, type RequestLimits } from "../../wire/http1/request-head.ts";
import type { RequestMessage } from "../../wire/http2/message.ts";

/**
 * Reads an extended CONNECT as the upgrade of HTTP/1.1 that it stands for: backends are asked in that way. `key` is the
 * Sec-WebSocket-Key sent to them. The message has been judged by `readRequest`: no text in it can end a line. Returns the code
 * of a fault when it breaks the rules for requests. RFC 8441 §5.
 */
export function readUpgrade(
  message: RequestMessage,
  key: string,
  limits: RequestLimits,
): Http1ReceivedRequest | number {
  let text = `GET ${message.path} HTTP/1.1\r\nhost: ${message.authority}\r\nconnection: upgrade\r\nupgrade: websocket\r\n`;
  text += `sec-websocket-key: ${key}\r\n`;
  for (const { name, value } of message.fields) text += `${name}: ${value}\r\n`;
  const bytes = Buffer.from(`${text}\r\n`, "latin1");
  const head = new RequestHead();
  const end = parseRequestHead(bytes, 0, bytes.length, head, limits);
  return end === bytes.length ? new Http1ReceivedRequest(bytes, head) : end;
}
