import type { ContentStream } from "../contract/content.ts";
import type { LocalReply } from "../contract/local-reply.ts";
import { immediateReply } from "./apply-answer.ts";
import type { ProcessCall } from "./process-call.ts";

/** Content that a service may have before it: more holds its source. */
const maxUnansweredBytes = 65_536;

/** Largest content of an answer that is shown as a whole. */
export const maxBufferedBytes = 1_048_576;

/** How content is shown, and what becomes of it without an answer. */
export type ContentRules = {
  readonly of: "request" | "response";
  readonly failOpen: boolean;
  readonly failure: LocalReply;
};

/** Content on its way past a service, piece by piece: each goes on when the service has answered it. */
export class StreamedContent {
  readonly #call: ProcessCall;
  readonly #rules: ContentRules;

  constructor(call: ProcessCall, rules: ContentRules) {
    this.#call = call;
    this.#rules = rules;
  }

  add(bytes: Buffer, stream: ContentStream): void {
    this.#ask(Buffer.from(bytes), false, stream);
    if (this.#call.unansweredBytes > maxUnansweredBytes) stream.pause();
  }

  end(stream: ContentStream): void {
    this.#ask(Buffer.alloc(0), true, stream);
  }

  #ask(bytes: Buffer, end: boolean, stream: ContentStream): void {
    const { of, failOpen, failure } = this.#rules;
    this.#call.ask({ kind: "body", of, bytes, end }, {}, (answer) => {
      if (answer?.kind === "immediate") stream.refuse(immediateReply(answer));
      else if (answer === undefined && !failOpen) stream.refuse(failure);
      else {
        const sent = answer?.body ?? bytes;
        if (sent.length > 0) stream.push(sent);
        if (end) stream.end();
        else if (this.#call.unansweredBytes <= maxUnansweredBytes) stream.resume();
      }
    });
  }
}

/** Content of an answer that is shown as a whole, and goes on when the service has answered. */
export class BufferedContent {
  readonly #call: ProcessCall;
  readonly #rules: ContentRules;
  #pieces: Buffer[] = [];
  #length = 0;
  /** Too large to be shown: it passes as it is. */
  #passes = false;

  constructor(call: ProcessCall, rules: ContentRules) {
    this.#call = call;
    this.#rules = rules;
  }

  add(bytes: Buffer, stream: ContentStream): void {
    if (this.#passes) {
      stream.push(bytes);
      return;
    }
    this.#pieces.push(Buffer.from(bytes));
    this.#length += bytes.length;
    if (this.#length <= maxBufferedBytes) return;
    this.#call.fail();
    if (!this.#rules.failOpen) {
      stream.refuse(this.#rules.failure);
      return;
    }
    this.#passes = true;
    stream.push(Buffer.concat(this.#pieces));
    this.#pieces = [];
  }

  end(stream: ContentStream): void {
    if (this.#passes) {
      stream.end();
      return;
    }
    const { of, failOpen, failure } = this.#rules;
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#call.ask({ kind: "body", of, bytes, end: true }, {}, (answer) => {
      if (answer?.kind === "immediate") stream.refuse(immediateReply(answer));
      else if (answer === undefined && !failOpen) stream.refuse(failure);
      else {
        const sent = answer?.body ?? bytes;
        if (sent.length > 0) stream.push(sent);
        stream.end();
      }
    });
  }
}
