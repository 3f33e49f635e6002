import type { BodyFraming } from "../wire/head/received-request.ts";
import { ChunkReader, nextContent } from "../wire/http1/chunked.ts";

const noBytes = Buffer.alloc(0);
const smallBytes = 4_096;
/** Small buffers that no body uses at the moment. */
const spares: Buffer[] = [];
const maxSpares = 256;

/** The part of a request's body that is kept so that it can be sent (again). Grows as needed; whoever fills it bounds it. */
export class ReplayBuffer {
  bytes: Buffer = noBytes;
  length = 0;

  append(source: Buffer, start: number, end: number): void {
    const needed = this.length + end - start;
    if (this.bytes.length < needed) {
      const larger = allocate(needed + (needed >> 2));
      this.bytes.copy(larger, 0, 0, this.length);
      giveBack(this.bytes);
      this.bytes = larger;
    }
    source.copy(this.bytes, this.length, start, end);
    this.length = needed;
  }

  /** Lets go of the bytes: whoever was shown them has copied what it needs. */
  clear(): void {
    giveBack(this.bytes);
    this.bytes = noBytes;
    this.length = 0;
  }
}

function allocate(sizeBytes: number): Buffer {
  if (sizeBytes > smallBytes) return Buffer.allocUnsafeSlow(sizeBytes);
  return spares.pop() ?? Buffer.allocUnsafeSlow(smallBytes);
}

function giveBack(bytes: Buffer): void {
  if (bytes.length === smallBytes && spares.length < maxSpares) spares.push(bytes);
}

/** A copy of the content of a whole body, chunks taken apart. */
export function contentOf(body: ReplayBuffer, framing: BodyFraming): Buffer {
  if (framing !== "chunked") return Buffer.from(body.bytes.subarray(0, body.length));
  const chunks = new ChunkReader("client");
  const parts: Buffer[] = [];
  let at = 0;
  while (at < body.length && !chunks.done) {
    // What is in the buffer has been judged: no fault can come.
    at = nextContent(chunks, body.bytes, at, body.length);
    parts.push(body.bytes.subarray(chunks.contentStart, chunks.contentEnd));
  }
  return Buffer.concat(parts);
}
