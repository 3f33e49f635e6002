import type { AnswerHead } from "../../wire/head/answer-head.ts";
import { sizeAsLines } from "../../wire/head/http2-fields.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";
import type { CheckAnswer } from "./http-check.ts";

/** Puts an answer together: its head, its content without framing, its trailers. `maxBytes` bounds all of it. */
export class AnswerCollector {
  readonly #maxBytes: number;
  readonly #parts: Buffer[] = [];
  #status = 0;
  #headers: CheckAnswer["headers"] = [];
  #trailers: CheckAnswer["trailers"] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the head. False when the answer is larger than the limit: nothing of it may be used. */
  begin(head: AnswerHead, method: string): boolean {
    this.#status = head.status;
    const announced = head.body(method) === "length" ? head.contentLength : 0;
    if (!this.#count(head.sizeBytes) || this.#bytes + announced > this.#maxBytes) return false;
    this.#headers = Array.from({ length: head.count }, (_, i) => [head.nameAt(i), head.valueAt(i)]);
    return true;
  }

  /** Takes part of the content. False when the answer is larger than the limit: nothing of it may be used. */
  add(bytes: Buffer, start: number, end: number): boolean {
    this.#parts.push(Buffer.from(bytes.subarray(start, end)));
    return this.#count(end - start);
  }

  /** Takes the trailers. False when the answer is larger than the limit: nothing of it may be used. */
  end(trailers: readonly HeaderField[]): boolean {
    this.#trailers = trailers.map(({ name, value }) => [name, value]);
    return this.#count(sizeAsLines(trailers));
  }

  /** The whole answer. */
  finish(): CheckAnswer {
    return {
      status: this.#status,
      headers: this.#headers,
      body: Buffer.concat(this.#parts),
      trailers: this.#trailers,
    };
  }

  #count(bytes: number): boolean {
    this.#bytes += bytes;
    return this.#bytes <= this.#maxBytes;
  }
}
