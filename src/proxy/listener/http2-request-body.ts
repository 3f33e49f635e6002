import { asciiBytes } from "../../wire/http1/ascii.ts";
import { DEFAULT_TRAILER_BYTES } from "../../wire/http1/chunked.ts";
import { isForbiddenTrailerName, type TrailerClaims } from "../../wire/http1/trailer-field.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import { type RequestMessage, trailersFault } from "../../wire/http2/message.ts";
import type { Exchange } from "../exchange.ts";
import type { Http2Framing } from "./http2-request-head.ts";

const lineEnd = Buffer.from("\r\n", "latin1");
/** Size line of the chunk being handed over. */
const sizeLine = Buffer.allocUnsafeSlow(16);

/** Why a body cannot be what its head announced. */
export type BodyFault = { readonly fault: string };

/** Hands the DATA and trailers of one request to the engine in the framing of HTTP/1.1, and holds them to Content-Length. */
export class Http2RequestBody {
  framing: Http2Framing = "none";
  /** Content so far, in bytes. */
  received = 0;
  /** What Content-Length leaves; `Infinity` without one. */
  #left = 0;

  /** Makes ready for another request; the fault of a message that ends before its announced body. */
  begin(message: RequestMessage, endStream: boolean): BodyFault | undefined {
    const { contentLength } = message;
    this.received = 0;
    this.#left = contentLength < 0 ? Number.POSITIVE_INFINITY : contentLength;
    if (endStream || contentLength === 0) this.framing = "none";
    else this.framing = contentLength < 0 ? "chunked" : "length";
    return endStream && contentLength > 0 ? { fault: "the body is shorter than content-length" } : undefined;
  }

  data(exchange: Exchange, bytes: Buffer, start: number, end: number): BodyFault | undefined {
    const count = end - start;
    this.received += count;
    this.#left -= count;
    if (this.#left < 0) return { fault: "the body is longer than content-length" };
    if (this.framing === "chunked") {
      exchange.onRequestBody(sizeLine, 0, sizeLine.latin1Write(`${count.toString(16)}\r\n`));
      exchange.onRequestBody(bytes, start, end);
      exchange.onRequestBody(lineEnd, 0, 2);
    } else {
      exchange.onRequestBody(bytes, start, end);
    }
    return undefined;
  }

  /** Ends the body; trailers can be passed on only behind chunks, and are left out behind a body of known length. */
  end(exchange: Exchange, trailers: readonly HeaderField[]): BodyFault | undefined {
    if (this.#left > 0 && this.#left < Number.POSITIVE_INFINITY) {
      return { fault: "the body is shorter than content-length" };
    }
    const lines = trailerLines(trailers, exchange);
    if (typeof lines !== "string") return lines;
    if (this.framing === "chunked") {
      const tail = Buffer.from(`0\r\n${lines}\r\n`, "latin1");
      exchange.onRequestBody(tail, 0, tail.length);
    }
    if (this.framing !== "none") exchange.onRequestEnd();
    return undefined;
  }
}

function trailerLines(trailers: readonly HeaderField[], claims: TrailerClaims): string | BodyFault {
  const fault = trailersFault(trailers);
  if (fault !== undefined) return { fault };
  let lines = "";
  for (const { name, value } of trailers) {
    const isRefused = isForbiddenTrailerName(name, "client") || claims.claims(asciiBytes(name), name.length);
    if (isRefused) return { fault: `${name} may only stand in the head` };
    lines += `${name}: ${value}\r\n`;
  }
  return lines.length > DEFAULT_TRAILER_BYTES ? { fault: "trailers are larger than the limit" } : lines;
}
