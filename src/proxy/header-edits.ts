import { TOKEN } from "../wire/http1/ascii.ts";
import type { MessageHead } from "../wire/http1/message-head.ts";
import type { HeadWriter } from "../wire/http1/serialize.ts";

/** Fields that the engine alone writes: a filter that names one changes nothing. */
const engineFields: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Header changes of filters, kept beside a parsed head: lines that go are taken out of the head's kept runs, lines that come
 * are collected. One object per connection and direction, reused.
 */
export class HeaderEdits {
  readonly #names: string[] = [];
  readonly #values: string[] = [];
  readonly #dropped: string[] = [];
  #head: MessageHead | undefined;
  #bytes: Buffer | undefined;

  /** Starts on another message. Without a head (an answer of our own) all fields are additions. */
  begin(bytes: Buffer | undefined, head: MessageHead | undefined): void {
    this.#bytes = bytes;
    this.#head = head;
    if (this.#names.length > 0) {
      this.#names.length = 0;
      this.#values.length = 0;
    }
    if (this.#dropped.length > 0) this.#dropped.length = 0;
  }

  get(name: string): string | undefined {
    let joined = this.#dropped.includes(name) ? undefined : this.#head?.header(this.#bytes!, name);
    for (let i = 0; i < this.#names.length; i++) {
      if (this.#names[i] !== name) continue;
      joined = joined === undefined ? this.#values[i] : `${joined}, ${this.#values[i]}`;
    }
    return joined;
  }

  /** Lower-case names of all fields as they stand, each once. */
  names(): readonly string[] {
    const names = new Set<string>();
    const head = this.#head;
    for (let line = 0; line < (head?.lineCount ?? 0); line++) names.add(head!.lineName(this.#bytes!, line));
    for (const name of this.#dropped) names.delete(name);
    for (const name of this.#names) names.add(name);
    return [...names];
  }

  set(name: string, value: string): void {
    this.remove(name);
    this.add(name, value);
  }

  add(name: string, value: string): void {
    const lower = name.toLowerCase();
    if (engineFields.has(lower) || !isToken(lower)) return;
    this.#names.push(lower);
    this.#values.push(fieldValue(value));
  }

  remove(name: string): void {
    const lower = name.toLowerCase();
    if (engineFields.has(lower)) return;
    for (let i = this.#names.length - 1; i >= 0; i--) {
      if (this.#names[i] !== lower) continue;
      this.#names.splice(i, 1);
      this.#values.splice(i, 1);
    }
    if (this.#head === undefined) return;
    this.#dropped.push(lower);
    this.#head.dropField(this.#bytes!, lower);
  }

  /** How many lines come; for protocols whose heads are not lines. */
  get count(): number {
    return this.#names.length;
  }

  /** Name of an added line, lower case. */
  nameAt(index: number): string {
    return this.#names[index]!;
  }

  /** Value of an added line, latin1; unlike `write`, as the filter gave it. */
  valueAt(index: number): string {
    return this.#values[index]!;
  }

  /** Writes the added lines. */
  write(writer: HeadWriter): void {
    for (let i = 0; i < this.#names.length; i++) writer.field(this.#names[i]!, this.#values[i]!);
  }
}

function isToken(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    if (TOKEN[name.charCodeAt(i)] !== 1) return false;
  }
  return name.length > 0;
}

/** Text as the bytes of a header value: UTF-8, but latin1 (how values that came over the wire are held) stays as it is. */
function fieldValue(value: string): string {
  for (let i = 0; i < value.length; i++) {
    if (value.charCodeAt(i) > 255) return Buffer.from(value, "utf8").latin1Slice();
  }
  return value;
}
