import type { ResponseField } from "../http1/known-field.ts";
import type { ResponseHead } from "../http1/response-head.ts";
import type { AnswerBody, AnswerHead } from "./answer-head.ts";
import { Http1Fields } from "./http1-fields.ts";

/** An answer's head of HTTP/1.1. */
export class Http1AnswerHead extends Http1Fields<ResponseHead> implements AnswerHead {
  get status(): number {
    return this.head.status;
  }

  get contentLength(): number {
    return this.head.contentLength;
  }

  get sizeBytes(): number {
    return this.head.end - this.head.start;
  }

  detach(): Http1AnswerHead {
    const { bytes, head } = this.head.detach(this.bytes);
    return new Http1AnswerHead(bytes, head);
  }

  has(field: ResponseField): boolean {
    return this.head.first[field]! >= 0;
  }

  known(field: ResponseField): string | undefined {
    return this.head.value(this.bytes, field);
  }

  body(method: string): AnswerBody {
    return this.head.body(method);
  }
}
