import { ProtocolError } from "./protocol.ts";

/** Parts shorter than this are copied together: a peer that sends single bytes costs no more memory than it sends. */
const smallBytes = 4 * 1024;
const blockBytes = 16 * 1024;

/** Cuts a byte stream into lines of bounded length. */
export class LineReader {
  readonly #maxBytes: number;
  readonly #onLine: (line: string) => void;
  #parts: Buffer[] = [];
  #bytes = 0;
  /** Small parts that come after {@link LineReader.#parts}. */
  #block: Buffer | undefined;
  #blockBytes = 0;

  constructor(maxBytes: number, onLine: (line: string) => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  /** Takes bytes, and hands every line that they end to `onLine`. Throws {@link ProtocolError} for a line that is too long. */
  push(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = this.#end(chunk.subarray(from, end));
      from = end + 1;
      this.#onLine(line);
    }
    if (from < chunk.length) this.#take(chunk.subarray(from));
  }

  #end(part: Buffer): string {
    this.#count(part);
    this.#flush();
    const line = this.#parts.length === 0 ? part : Buffer.concat([...this.#parts, part]);
    this.#parts = [];
    this.#bytes = 0;
    return line.toString("utf8");
  }

  #take(part: Buffer): void {
    this.#count(part);
    if (this.#blockBytes + part.length > blockBytes || part.length >= smallBytes) this.#flush();
    if (part.length >= smallBytes) {
      this.#parts.push(part);
      return;
    }
    this.#block ??= Buffer.allocUnsafeSlow(blockBytes);
    this.#blockBytes += part.copy(this.#block, this.#blockBytes);
  }

  #count(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) throw new ProtocolError(`a message has more than ${this.#maxBytes} bytes`);
  }

  #flush(): void {
    if (this.#block === undefined || this.#blockBytes === 0) return;
    this.#parts.push(Buffer.from(this.#block.subarray(0, this.#blockBytes)));
    this.#blockBytes = 0;
  }
}
