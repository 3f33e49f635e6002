/**
 * A request of HTTP/2 as the HTTP/1.1 head that it stands for. The engine reads every request with one codec, whatever
 * the client speaks: routing, filters and strictness are the same, and what goes to a backend is always written anew.
 */
import type { RequestMessage } from "../../wire/http2/message.ts";

/** How the body will be handed to the engine. */
export type Http2Framing = "none" | "length" | "chunked";

/** What is asked of a tunnel (RFC 8441). */
export type TunnelHandshake = {
  /** Sec-WebSocket-Key sent to the backend. */
  readonly key: string;
};

/** Bytes of all heads of a thread: a head is parsed and forwarded before the next one is written. */
let scratch: Buffer = Buffer.allocUnsafeSlow(4_096);

export type WrittenHead = { readonly bytes: Buffer; readonly end: number };

/** Methods whose body is announced even when there is none: servers answer 411 otherwise. RFC 9110 §8.6. */
const bodied: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/**
 * Writes the head. The message has been judged by `readRequest`: no text in it can end a line. `framing` is that of the body
 * to come. The bytes are valid until the next call.
 */
export function writeRequestHead(message: RequestMessage, framing: Http2Framing): WrittenHead {
  let text = `${message.method} ${message.path} HTTP/1.1\r\nhost: ${message.authority}\r\n`;
  if (framing === "chunked") text += "transfer-encoding: chunked\r\n";
  else if (framing === "none" && message.contentLength < 0 && bodied.has(message.method)) {
    text += "content-length: 0\r\n";
  }
  return write(`${text}${fieldLines(message)}\r\n`);
}

/** Writes an extended CONNECT as the upgrade that it is in HTTP/1.1. RFC 8441 §5. */
export function writeUpgradeHead(message: RequestMessage, { key }: TunnelHandshake): WrittenHead {
  return write(
    `GET ${message.path} HTTP/1.1\r\nhost: ${message.authority}\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
      `sec-websocket-key: ${key}\r\n${fieldLines(message)}\r\n`,
  );
}

/** Leaves the bytes of the last head to whoever reads them still. */
export function giveHeadAway(): void {
  scratch = Buffer.allocUnsafeSlow(4_096);
}

function fieldLines({ fields }: RequestMessage): string {
  let text = "";
  for (const { name, value } of fields) text += `${name}: ${value}\r\n`;
  return text;
}

function write(text: string): WrittenHead {
  if (text.length > scratch.length) scratch = Buffer.allocUnsafeSlow(text.length * 2);
  return { bytes: scratch, end: scratch.latin1Write(text) };
}
