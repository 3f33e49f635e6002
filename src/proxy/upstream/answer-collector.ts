import type { OwnAnswer } from "../../filter/contract/own-request.ts";
import type { AnswerHead } from "../../wire/head/answer-head.ts";
import { sizeAsLines } from "../../wire/head/http2-fields.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";

/**
 * Puts an answer together: its head, its content without framing, its trailers. `maxBytes` bounds all of it; `discard`: the
 * content is thrown away.
 */
export class AnswerCollector {
  /** From the trailers, else from the head; -1: none. */
  grpcStatus = -1;
  readonly #maxBytes: number | "discard";
  #parts: Buffer[] = [];
  #status = 0;
  #headers: OwnAnswer["headers"] = [];
  #trailers: OwnAnswer["trailers"] = [];
  #bytes = 0;

  constructor(maxBytes: number | "discard") {
    this.#maxBytes = maxBytes;
  }

  /** Makes ready for another answer. */
  reset(): void {
    this.grpcStatus = -1;
    this.#parts = [];
    this.#trailers = [];
    this.#bytes = 0;
  }

  /** Takes the head. False when the answer is larger than the limit: nothing of it may be used. */
  begin(head: AnswerHead, method: string): boolean {
    this.#status = head.status;
    const announced = head.body(method) === "length" ? head.contentLength : 0;
    if (!this.#count(head.sizeBytes, announced)) return false;
    this.#headers = Array.from({ length: head.count }, (_, i) => [head.nameAt(i), head.valueAt(i)]);
    return true;
  }

  /** Takes part of the content. False when the answer is larger than the limit: nothing of it may be used. */
  add(bytes: Buffer, start: number, end: number): boolean {
    if (this.#maxBytes !== "discard") this.#parts.push(Buffer.from(bytes.subarray(start, end)));
    return this.#count(end - start, 0);
  }

  /** Takes the trailers. False when the answer is larger than the limit: nothing of it may be used. */
  end(trailers: readonly HeaderField[]): boolean {
    this.#trailers = trailers.map(({ name, value }) => [name, value]);
    return this.#count(sizeAsLines(trailers), 0);
  }

  /** The whole answer. */
  finish(): OwnAnswer {
    return {
      status: this.#status,
      headers: this.#headers,
      content: Buffer.concat(this.#parts),
      trailers: this.#trailers,
      grpcStatus: this.grpcStatus,
    };
  }

  /** Counts what has come; `announced` bytes are still to come. */
  #count(bytes: number, announced: number): boolean {
    this.#bytes += bytes;
    return this.#maxBytes === "discard" || this.#bytes + announced <= this.#maxBytes;
  }
}
