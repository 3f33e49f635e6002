import type { ResponseField } from "../http1/known-field.ts";
import type { HeadWriter } from "../http1/serialize.ts";
import type { HeaderField } from "../http2/hpack-table.ts";
import type { FieldSection } from "./field-section.ts";

/**
 * How the body of an answer comes. `length`: as many bytes as its head says. `chunked`: in the chunks of HTTP/1.1, which are
 * passed on as they are or taken apart, whichever its receiver takes. `content`: without framing, up to an event that ends it,
 * perhaps behind trailers. `untilClose`: up to the end of the connection; that is an event too.
 */
export type AnswerBody = "none" | "length" | "chunked" | "content" | "untilClose";

/** The head of an answer, whatever protocol it came in. */
export interface AnswerHead extends FieldSection {
  /** 100 to 599. */
  readonly status: number;
  /** What is to be announced to a client; -1: nothing. Bytes. */
  readonly contentLength: number;
  /** Size as it came, or would come in HTTP/1.1. Bytes. */
  readonly sizeBytes: number;
  /** Whether a known field is there. */
  has(field: ResponseField): boolean;
  /** First value of a known field; `undefined` when absent. */
  known(field: ResponseField): string | undefined;
  /** The same head for longer than the call in which it was shown: the first is not to be used any more. */
  detach(): AnswerHead;
  /** How the body is delimited, given the method of the request. */
  body(method: string): AnswerBody;
  /** Writes the fields that are passed on as lines of HTTP/1.1. */
  writeLines(writer: HeadWriter): void;
  /** Adds the fields that are passed on as those of HTTP/2. */
  addFields(fields: HeaderField[]): void;
}
