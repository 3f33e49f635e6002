/** A line was longer than allowed. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";
}

/**
 * Lines of a byte stream as they come, without their ends; empty ones are left out, and a last one without an end is not a
 * line. Holds at most `limitBytes` at a time; throws {@link LineTooLongError} beyond.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, limitBytes: number): AsyncGenerator<string> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, start);
      const part = chunk.subarray(start, end === -1 ? chunk.length : end);
      if (heldBytes + part.length > limitBytes) throw new LineTooLongError(`a line is longer than ${limitBytes} bytes`);
      if (end === -1) {
        if (part.length > 0) held.push(part);
        heldBytes += part.length;
        break;
      }
      const line = Buffer.concat([...held, part]).toString("utf8");
      held = [];
      heldBytes = 0;
      start = end + 1;
      if (line !== "") yield line;
    }
  }
}
