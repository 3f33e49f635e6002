import { sizeAsLines } from "../../wire/head/http2-fields.ts";
import { noTrailers } from "../../wire/head/no-trailers.ts";
import type { BodyFraming } from "../../wire/head/received-request.ts";
import { asciiBytes } from "../../wire/http1/ascii.ts";
import { DEFAULT_TRAILER_BYTES } from "../../wire/http1/chunked.ts";
import { isForbiddenTrailerName, type TrailerClaims } from "../../wire/http1/trailer-field.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import { type RequestMessage, trailersFault } from "../../wire/http2/message.ts";
import type { Exchange } from "../exchange.ts";

/** Why a body cannot be what its head announced. */
export type BodyFault = { readonly fault: string };

/** Hands the DATA and trailers of one request to the engine, and holds them to Content-Length. */
export class Http2RequestBody {
  framing: BodyFraming = "none";
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
    else this.framing = contentLength < 0 ? "content" : "length";
    return endStream && contentLength > 0 ? { fault: "the body is shorter than content-length" } : undefined;
  }

  data(exchange: Exchange, bytes: Buffer, start: number, end: number): BodyFault | undefined {
    const count = end - start;
    this.received += count;
    this.#left -= count;
    if (this.#left < 0) return { fault: "the body is longer than content-length" };
    exchange.onRequestBody(bytes, start, end);
    return undefined;
  }

  /** Ends the body; trailers are left out behind a body of known length, where HTTP/1.1 has no place for them. */
  end(exchange: Exchange, trailers: readonly HeaderField[]): BodyFault | undefined {
    if (this.#left > 0 && this.#left < Number.POSITIVE_INFINITY) {
      return { fault: "the body is shorter than content-length" };
    }
    const fault = faultIn(trailers, exchange);
    if (fault !== undefined) return { fault };
    if (this.framing !== "none") exchange.onRequestEnd(this.framing === "content" ? trailers : noTrailers);
    return undefined;
  }
}

function faultIn(trailers: readonly HeaderField[], claims: TrailerClaims): string | undefined {
  const fault = trailersFault(trailers);
  if (fault !== undefined) return fault;
  for (const { name } of trailers) {
    const isRefused = isForbiddenTrailerName(name, "client") || claims.claims(asciiBytes(name), name.length);
    if (isRefused) return `${name} may only stand in the head`;
  }
  return sizeAsLines(trailers) > DEFAULT_TRAILER_BYTES ? "trailers are larger than the limit" : undefined;
}
