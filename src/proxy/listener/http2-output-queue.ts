/** Bytes of one stream that wait for its window. First in, first out; whoever fills it stops when it is not empty. */
export class Http2OutputQueue {
  readonly #buffers: Buffer[] = [];
  /** Of the first buffer, what has been sent. */
  #sent = 0;
  bytes = 0;

  /** Copies a range: its buffer is reused after the call that brought it. */
  push(source: Buffer, start: number, end: number): void {
    if (start === end) return;
    this.#buffers.push(Buffer.from(source.subarray(start, end)));
    this.bytes += end - start;
  }

  /**
   * Offers what waits, oldest first. `send` returns the offset that it reached; short of the end, nothing more is offered.
   * `last` is true for the last buffer.
   */
  drain(send: (bytes: Buffer, start: number, end: number, last: boolean) => number): void {
    while (this.bytes > 0) {
      const first = this.#buffers[0]!;
      const reached = send(first, this.#sent, first.length, this.#buffers.length === 1);
      this.bytes -= reached - this.#sent;
      this.#sent = reached;
      if (reached < first.length) return;
      this.#buffers.shift();
      this.#sent = 0;
    }
  }

  clear(): void {
    this.#buffers.length = 0;
    this.#sent = 0;
    this.bytes = 0;
  }
}
