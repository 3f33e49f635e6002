import type { AnswerBody, AnswerHead } from "../../wire/head/answer-head.ts";
import type { ResponseField } from "../../wire/http1/known-field.ts";
import type { HeadWriter } from "../../wire/http1/serialize.ts";
import type { HeaderField } from "../../wire/http2/hpack-table.ts";

/** The head of an answer whose content filters change: nobody knows how long it becomes. */
export class UnmeasuredHead implements AnswerHead {
  readonly contentLength = -1;
  readonly #head: AnswerHead;

  constructor(head: AnswerHead) {
    this.#head = head;
  }

  get status(): number {
    return this.#head.status;
  }

  get sizeBytes(): number {
    return this.#head.sizeBytes;
  }

  get count(): number {
    return this.#head.count;
  }

  body(_method: string): AnswerBody {
    return "content";
  }

  detach(): AnswerHead {
    return new UnmeasuredHead(this.#head.detach());
  }

  nameAt(index: number): string {
    return this.#head.nameAt(index);
  }

  valueAt(index: number): string {
    return this.#head.valueAt(index);
  }

  header(name: string): string | undefined {
    return this.#head.header(name);
  }

  has(field: ResponseField): boolean {
    return this.#head.has(field);
  }

  known(field: ResponseField): string | undefined {
    return this.#head.known(field);
  }

  drop(name: string): void {
    this.#head.drop(name);
  }

  dropAliases(name: string): void {
    this.#head.dropAliases(name);
  }

  writeLines(writer: HeadWriter): void {
    this.#head.writeLines(writer);
  }

  addFields(fields: HeaderField[]): void {
    this.#head.addFields(fields);
  }
}
