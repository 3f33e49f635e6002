import { frameFlag, frameHeaderBytes, frameType, maxFrameBytes, writeFrameHeader } from "./frame.ts";
import type { FrameOutput } from "./frame-output.ts";
import { fieldBound, HpackEncoder } from "./hpack-encoder.ts";
import type { HeaderField } from "./hpack-table.ts";

/** Encodes header blocks and sends them as HEADERS and CONTINUATION. RFC 9113 section 4.3. */
export class HeaderBlockWriter {
  readonly #output: FrameOutput;
  readonly #encoder = new HpackEncoder();

  constructor(output: FrameOutput) {
    this.#output = output;
  }

  /** Takes the peer's SETTINGS_HEADER_TABLE_SIZE, in bytes. */
  resizeTable(bytes: number): void {
    this.#encoder.resize(bytes);
  }

  /** Sends a header block; returns its size in bytes, frames included. The fields are valid and lower case. */
  send(streamId: number, fields: readonly HeaderField[], endStream: boolean): number {
    let bound = 8;
    for (const field of fields) bound += fieldBound(field.name, field.value);
    if (bound + frameHeaderBytes > maxFrameBytes) return this.#sendLong(streamId, fields, { endStream, bound });
    const output = this.#output;
    const block = output.reserve(bound + frameHeaderBytes);
    let end = this.#encoder.begin(output.buffer, block + frameHeaderBytes);
    for (const field of fields) end = this.#encoder.field(output.buffer, end, field);
    const flags = frameFlag.endHeaders | (endStream ? frameFlag.endStream : 0);
    writeFrameHeader(output.buffer, block, {
      length: end - block - frameHeaderBytes,
      type: frameType.headers,
      flags,
      streamId,
    });
    output.end = end;
    return end - block;
  }

  #sendLong(
    streamId: number,
    fields: readonly HeaderField[],
    { endStream, bound }: { readonly endStream: boolean; readonly bound: number },
  ): number {
    const block = Buffer.allocUnsafe(bound);
    let end = this.#encoder.begin(block, 0);
    for (const field of fields) end = this.#encoder.field(block, end, field);
    for (let at = 0; at < end; ) {
      const length = Math.min(maxFrameBytes, end - at);
      const type = at === 0 ? frameType.headers : frameType.continuation;
      const flags =
        (at + length === end ? frameFlag.endHeaders : 0) | (at === 0 && endStream ? frameFlag.endStream : 0);
      const payload = this.#output.frame({ length, type, flags, streamId });
      block.copy(this.#output.buffer, payload, at, at + length);
      at += length;
    }
    return end;
  }
}
