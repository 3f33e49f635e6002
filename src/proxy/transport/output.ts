import { HeadWriter } from "../../wire/http1/serialize.ts";
import type { Transport } from "./transport.ts";

const outputBytes = 64 * 1024;
/** A head is begun in a buffer that has at least this much room, so that it seldom has to grow. */
const headRoomBytes = 16 * 1024;

/**
 * Where a message is put together before its one write. One for all connections of a thread: whoever fills it flushes it
 * before returning to the event loop. Appending for another transport sends what is there first. A buffer that a transport
 * still reads from after a write is given away, so bytes in flight are never overwritten.
 */
export class Output {
  readonly #writer = new HeadWriter(outputBytes);
  #target: Transport | undefined;

  /** The writer to put a head into. */
  head(target: Transport): HeadWriter {
    this.#aim(target);
    if (this.#writer.length > outputBytes - headRoomBytes) this.#send();
    return this.#writer;
  }

  /** Appends `source[start, end)`, of any length. */
  append(target: Transport, source: Buffer, start: number, end: number): void {
    this.#aim(target);
    const writer = this.#writer;
    let from = start;
    for (;;) {
      const count = Math.min(end - from, Math.max(outputBytes - writer.length, 0));
      writer.copy(source, from, from + count);
      from += count;
      if (from === end) return;
      this.#send();
    }
  }

  /** Writes what was put together, for whichever transport. */
  flush(): void {
    if (this.#writer.length > 0) this.#send();
    this.#target = undefined;
  }

  #aim(target: Transport): void {
    if (this.#target === target) return;
    if (this.#writer.length > 0) this.#send();
    this.#target = target;
  }

  #send(): void {
    const writer = this.#writer;
    if (this.#target!.write(writer.buffer, 0, writer.length)) writer.reset();
    else writer.take();
  }
}

/** The one of this thread. */
export const output = new Output();
