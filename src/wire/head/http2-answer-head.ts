import { isGrpcContentType } from "../grpc-content-type.ts";
import { ResponseField } from "../http1/known-field.ts";
import type { HeadLimits } from "../http1/message-head.ts";
import type { ResponseMessage } from "../http2/message.ts";
import type { AnswerBody, AnswerHead } from "./answer-head.ts";
import { responseNames } from "./field-names.ts";
import { Http2Fields, sizeAsLines } from "./http2-fields.ts";

/** What a head of HTTP/1.1 takes besides its fields. Bytes. */
const startBytes = "HTTP/1.1 200 \r\n\r\n".length;

/** An answer's head of HTTP/2. */
export class Http2AnswerHead extends Http2Fields implements AnswerHead {
  readonly status: number;
  readonly sizeBytes: number;
  contentLength = -1;
  #body: AnswerBody = "none";

  constructor(message: ResponseMessage) {
    super(message.fields, responseNames);
    this.status = message.status;
    this.sizeBytes = startBytes + sizeAsLines(message.fields);
  }

  /** Its fields are its own. */
  detach(): Http2AnswerHead {
    return this;
  }

  body(_method: string): AnswerBody {
    return this.#body;
  }

  /**
   * Finds out how the body comes. False: the answer ends before the body that it announces. A gRPC answer has no announced
   * length, whatever it says: its outcome stands in trailers, for which a body of HTTP/1.1 with a length has no place.
   */
  frame(announced: number, { method, endStream }: AnswerPlace): boolean {
    const { status } = this;
    const bodiless = method === "HEAD" || status === 204 || status === 304;
    if (endStream && announced > 0 && !bodiless) return false;
    if (endStream || bodiless) {
      this.contentLength = announced < 0 && !bodiless ? 0 : announced;
      return true;
    }
    if (announced < 0 || isGrpcContentType(this.known(ResponseField.contentType))) {
      this.#body = "content";
      return true;
    }
    this.#body = announced === 0 ? "none" : "length";
    this.contentLength = announced;
    return true;
  }
}

/** What is known of an answer beside its head. */
export type AnswerPlace = {
  /** Of the request. */
  readonly method: string;
  /** Nothing comes behind the head. */
  readonly endStream: boolean;
};

/** The head of a final answer; `undefined` when it breaks the limits or the rules of both protocols, or its body cannot follow. */
export function readAnswerHead(
  message: ResponseMessage,
  place: AnswerPlace,
  limits: HeadLimits,
): Http2AnswerHead | undefined {
  const head = readInterimHead(message, limits);
  return head?.frame(message.contentLength, place) === true ? head : undefined;
}

/** The head of an interim answer; `undefined` when it breaks the limits or the rules of both protocols. */
export function readInterimHead(message: ResponseMessage, limits: HeadLimits): Http2AnswerHead | undefined {
  const head = new Http2AnswerHead(message);
  const within = head.sizeBytes <= limits.maxHeadBytes && head.count <= limits.maxFields;
  return within && !head.hasAlias ? head : undefined;
}
