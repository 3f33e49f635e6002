import { ChunkReader, nextContent } from "../../wire/http1/chunked.ts";
import type { ResponseBody, ResponseHead } from "../../wire/http1/response-head.ts";
import type { CheckAnswer } from "./http-check.ts";

/** Puts an answer together: its head, its content without framing, its trailers. `maxBytes` bounds all of it, as it came. */
export class AnswerCollector {
  readonly #maxBytes: number;
  readonly #parts: Buffer[] = [];
  #status = 0;
  #headers: readonly [string, string][] = [];
  #body: ResponseBody = "none";
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the head. False when the answer is larger than the limit: nothing of it may be used. */
  begin(bytes: Buffer, head: ResponseHead, method: string): boolean {
    this.#status = head.status;
    this.#body = head.body(method);
    this.#bytes = head.end - head.start;
    if (this.#bytes + (this.#body === "length" ? head.contentLength : 0) > this.#maxBytes) return false;
    this.#headers = Array.from({ length: head.lineCount }, (_, line) => [
      head.lineName(bytes, line),
      head.lineValue(bytes, line),
    ]);
    return true;
  }

  /** Takes part of the body. False when the answer is larger than the limit: nothing of it may be used. */
  add(bytes: Buffer, start: number, end: number): boolean {
    this.#bytes += end - start;
    if (this.#bytes > this.#maxBytes) return false;
    this.#parts.push(Buffer.from(bytes.subarray(start, end)));
    return true;
  }

  /** The whole answer. */
  finish(): CheckAnswer {
    const raw = Buffer.concat(this.#parts);
    const content = this.#body === "chunked" ? takeApart(raw) : { body: raw, trailers: [] };
    return { status: this.#status, headers: this.#headers, ...content };
  }
}

/** Content and trailers of a chunked body that is complete and has been judged. */
function takeApart(raw: Buffer): Pick<CheckAnswer, "body" | "trailers"> {
  const reader = new ChunkReader("backend");
  const content: Buffer[] = [];
  let trailers = "";
  for (let at = 0; at < raw.length && !reader.done; ) {
    at = nextContent(reader, raw, at, raw.length);
    if (at < 0) break;
    content.push(raw.subarray(reader.contentStart, reader.contentEnd));
    trailers += raw.latin1Slice(reader.trailerStart, reader.trailerEnd);
  }
  return { body: Buffer.concat(content), trailers: trailers.split("\r\n").flatMap(readLine) };
}

function readLine(line: string): [string, string][] {
  const colon = line.indexOf(":");
  return colon < 0 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]];
}
