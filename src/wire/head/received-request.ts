import type { RequestField } from "../http1/known-field.ts";
import type { NormalPath } from "../http1/path.ts";
import type { HeadWriter } from "../http1/serialize.ts";
import type { HeaderField } from "../http2/hpack-table.ts";
import type { FieldSection } from "./field-section.ts";

/**
 * How the body of a request comes. `length`: as many bytes as its head says. `chunked`: in the chunks of HTTP/1.1, trailers
 * within. `content`: without framing, up to an event that ends it, perhaps with trailers.
 */
export type BodyFraming = "none" | "length" | "chunked" | "content";

/** The head of a request, whatever protocol it came in; judged by the same rules. Valid as long as the bytes behind it. */
export interface ReceivedRequest extends FieldSection {
  readonly method: string;
  /** Lower case, without port and trailing dot; `""` when HTTP/1.0 names none. */
  readonly host: string;
  /** As it was sent, with its port. */
  readonly hostText: string;
  /** Without `?`, as it was sent; `""` when there is none. */
  readonly query: string;
  /** The same with its `?`. */
  readonly queryText: string;
  readonly framing: BodyFraming;
  /** What is to be announced to a backend; -1: nothing. Bytes. */
  readonly contentLength: number;
  /** Size as it came, or would come in HTTP/1.1. Bytes. */
  readonly sizeBytes: number;
  /** Protocol that an upgrade asks for; `""`: none does. */
  readonly upgrade: string;
  /** A field that only a proxy in front may send has come (see `isClientClaim`). */
  readonly claims: boolean;
  /** Path in the form that is matched, or the code of a fault; its other forms are in `oddPath` from then on. */
  path(): string | number;
  /** What `path` found of an odd path; `undefined`: all its forms are the one that was sent. */
  readonly oddPath: NormalPath | undefined;
  /** Whether a known field is there. */
  has(field: RequestField): boolean;
  /** First value of a known field; `undefined` when absent. */
  known(field: RequestField): string | undefined;
  /** A known field came more than once. */
  isRepeated(field: RequestField): boolean;
  /** Takes every field that only a proxy in front may send, and that is not known, out of the head: nothing finds it any more. */
  forgetClaims(): void;
  /** Takes every field whose name has a byte that `allowed` lacks (1 for each that it has) out of the head: nothing finds it any more. */
  forgetNames(allowed: Uint8Array): void;
  /** Writes the path as it was sent; not of an odd one. */
  writePath(writer: HeadWriter): void;
  /** Writes the query with its `?`. */
  writeQuery(writer: HeadWriter): void;
  /** Writes {@link hostText}. */
  writeHost(writer: HeadWriter): void;
  /** Writes the fields that are passed on as lines of HTTP/1.1. */
  writeLines(writer: HeadWriter): void;
  /** Adds the fields that are passed on as those of HTTP/2. */
  addFields(fields: HeaderField[]): void;
}
