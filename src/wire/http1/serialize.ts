import type { HeaderField } from "../http2/hpack-table.ts";
import { asciiBytes, CR, FIELD_VALUE, LF, SPACE } from "./ascii.ts";
import type { MessageHead } from "./message-head.ts";
import { statusText } from "./status-text.ts";

/** Below this many bytes a loop is faster than a call into native code. */
const COPY_BY_HAND = 48;
const FIRST_STATUS = 100;
const LAST_STATUS = 599;

const statusLines: readonly Uint8Array[] = Array.from({ length: LAST_STATUS - FIRST_STATUS + 1 }, (_, i) =>
  asciiBytes(`HTTP/1.1 ${FIRST_STATUS + i} ${statusText(FIRST_STATUS + i)}\r\n`),
);

/** Pieces of heads and bodies that never change. */
export const fixed = {
  crlf: asciiBytes("\r\n"),
  versionLine: asciiBytes(" HTTP/1.1\r\n"),
  oldVersionLine: asciiBytes(" HTTP/1.0\r\n"),
  host: asciiBytes("host: "),
  contentLength: asciiBytes("content-length: "),
  chunked: asciiBytes("transfer-encoding: chunked\r\n"),
  close: asciiBytes("connection: close\r\n"),
  keepAlive: asciiBytes("connection: keep-alive\r\n"),
  /** Followed by the protocol and CR LF. */
  upgrade: asciiBytes("connection: upgrade\r\nupgrade: "),
  xForwardedFor: asciiBytes("x-forwarded-for: "),
  xForwardedProtoHttp: asciiBytes("x-forwarded-proto: http\r\n"),
  xForwardedProtoHttps: asciiBytes("x-forwarded-proto: https\r\n"),
  xForwardedHost: asciiBytes("x-forwarded-host: "),
  xRequestId: asciiBytes("x-request-id: "),
  traceparent: asciiBytes("traceparent: "),
  comma: asciiBytes(", "),
  /** A whole interim response. */
  continue: asciiBytes("HTTP/1.1 100 Continue\r\n\r\n"),
  /** The last chunk; trailers and an empty line follow. */
  noMoreChunks: asciiBytes("0\r\n"),
  /** The last chunk, without trailers. */
  lastChunk: asciiBytes("0\r\n\r\n"),
} as const;

/**
 * Writes heads and chunks into a buffer that it keeps. It grows to the largest message written and allocates nothing after
 * that, so give the buffer away (`take`) when a write of it may outlive the next message.
 */
export class HeadWriter {
  buffer: Buffer;
  /** Bytes written. */
  length = 0;

  constructor(sizeBytes = 4_096) {
    this.buffer = Buffer.allocUnsafeSlow(sizeBytes);
  }

  /** Starts over. */
  reset(): this {
    this.length = 0;
    return this;
  }

  /** What was written, as a view: valid until the next `reset`. */
  written(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** Gives the buffer away and goes on with a new one. Returns what was written. */
  take(): Buffer {
    const written = this.written();
    this.buffer = Buffer.allocUnsafeSlow(this.buffer.length);
    this.length = 0;
    return written;
  }

  /** Makes room for that many more bytes. */
  reserve(byteCount: number): void {
    const needed = this.length + byteCount;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }

  /** Copies constant bytes. */
  put(bytes: Uint8Array): this {
    this.reserve(bytes.length);
    for (let i = 0; i < bytes.length; i++) this.buffer[this.length + i] = bytes[i]!;
    this.length += bytes.length;
    return this;
  }

  /** Copies a range of another buffer. */
  copy(source: Buffer, start: number, end: number): this {
    const count = end - start;
    this.reserve(count);
    if (count < COPY_BY_HAND) {
      for (let i = 0; i < count; i++) this.buffer[this.length + i] = source[start + i]!;
    } else source.copy(this.buffer, this.length, start, end);
    this.length += count;
    return this;
  }

  /** Copies the header lines that a head keeps. */
  runs(head: MessageHead, source: Buffer): this {
    for (let i = 0; i < head.runLength; i += 2) this.copy(source, head.runs[i]!, head.runs[i + 1]!);
    return this;
  }

  /** Writes text as latin1. Characters that may not stand in a head become spaces, so no text can end a line. RFC 9110 §5.5. */
  text(text: string): this {
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      this.buffer[this.length + i] = FIELD_VALUE[code] === 1 ? code : SPACE;
    }
    this.length += text.length;
    return this;
  }

  /** Writes latin1 text that has been judged: nothing in it is looked at. */
  judged(text: string): this {
    this.reserve(text.length);
    this.length += this.buffer.latin1Write(text, this.length);
    return this;
  }

  /** Writes one header line. */
  field(name: string, value: string): this {
    return this.text(name).put(separator).text(value).put(fixed.crlf);
  }

  /** Writes a whole number, at least 0, in decimal. */
  decimal(value: number): this {
    return this.digits(value, 10);
  }

  /** Writes a whole number, at least 0, in lower-case hexadecimal. */
  hex(value: number): this {
    return this.digits(value, 16);
  }

  /** Writes `HTTP/1.1`, status and its registered reason. Statuses outside 100 to 599 are a bug and throw. */
  statusLine(status: number): this {
    const line = statusLines[status - FIRST_STATUS];
    if (line === undefined) throw new Error(`no status line for ${status}`);
    return this.put(line);
  }

  /** Writes `content-length`. */
  contentLength(length: number): this {
    return this.put(fixed.contentLength).decimal(length).put(fixed.crlf);
  }

  /** Writes the size line of a chunk; `crlf` must follow the content. A size of 0 would end the body: it throws. */
  chunkSize(size: number): this {
    if (size <= 0) throw new Error("a chunk holds at least one byte");
    return this.hex(size).put(fixed.crlf);
  }

  /** Writes the end of a body in chunks that has these trailers. */
  trailers(trailers: readonly HeaderField[]): this {
    this.put(fixed.noMoreChunks);
    for (const { name, value } of trailers) this.field(name, value);
    return this.crlf();
  }

  /** Ends a line or a head. */
  crlf(): this {
    this.reserve(2);
    this.buffer[this.length++] = CR;
    this.buffer[this.length++] = LF;
    return this;
  }

  private digits(value: number, base: 10 | 16): this {
    let count = 1;
    for (let rest = value; rest >= base; rest = Math.floor(rest / base)) count++;
    this.reserve(count);
    let rest = value;
    for (let i = this.length + count - 1; i >= this.length; i--) {
      const digit = rest % base;
      this.buffer[i] = digit < 10 ? 48 + digit : 87 + digit;
      rest = Math.floor(rest / base);
    }
    this.length += count;
    return this;
  }
}

const separator = asciiBytes(": ");
