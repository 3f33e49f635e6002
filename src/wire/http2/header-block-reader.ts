import { errorCode, type FrameHeader, frameFlag, frameType, maxWindow, readUint32 } from "./frame.ts";
import { HpackDecoder } from "./hpack-decoder.ts";
import type { HeaderField } from "./hpack-table.ts";
import { unpad } from "./padding.ts";
import type { SessionCore } from "./session-core.ts";
import type { Http2Stream } from "./stream.ts";
import type { StreamTable } from "./stream-table.ts";

/** A block under way, until END_HEADERS. */
type HeaderBlock = {
  readonly streamId: number;
  readonly endStream: boolean;
  /** It is the first on its stream. */
  readonly opens: boolean;
  readonly parts: Buffer[];
  bytes: number;
  frames: number;
};

/** A header list this many times the limit is no long cookie but a decompression bomb. */
const bombFactor = 4;

/** Length of `; `, which joins the crumbs of a cookie. */
const crumbJoint = 2;

/** Puts header blocks together from HEADERS and CONTINUATION, decodes them, and opens the streams they begin. RFC 9113 section 4.3. */
export class HeaderBlockReader<Owner> {
  readonly #core: SessionCore<Owner>;
  readonly #streams: StreamTable<Owner>;
  readonly #decoder = new HpackDecoder();
  /** A header block under way: CONTINUATION is due. */
  #block: HeaderBlock | undefined;
  #selfDependent = false;

  constructor(core: SessionCore<Owner>, streams: StreamTable<Owner>) {
    this.#core = core;
    this.#streams = streams;
  }

  /** A header block has come in part. */
  get midway(): boolean {
    return this.#block !== undefined;
  }

  /** Whether the frame stands between the parts of a header block without being the next of them. */
  isInterruptedBy(header: FrameHeader): boolean {
    return (
      this.#block !== undefined && (header.type !== frameType.continuation || header.streamId !== this.#block.streamId)
    );
  }

  /** Takes a HEADERS frame. RFC 9113 section 6.2. */
  onHeaders(header: FrameHeader, bytes: Buffer, frameStart: number, frameEnd: number): number {
    const { faults, role } = this.#core;
    if (header.streamId === 0) return faults.refuse(errorCode.protocolError, "HEADERS on stream 0");
    let [start, end] = unpad(header, bytes, frameStart, frameEnd);
    if (end < 0) return faults.refuse(errorCode.protocolError, "padding longer than its frame");
    let selfDependent = false;
    if (header.flags & frameFlag.priority) {
      if (end - start < 5) return faults.refuse(errorCode.frameSizeError, "HEADERS without room for its priority");
      selfDependent = (readUint32(bytes, start) & maxWindow) === header.streamId;
      start += 5;
    }
    const known = this.#streams.open.get(header.streamId);
    const idle = known === undefined && this.#streams.isIdle(header.streamId);
    if (known === undefined) {
      if (!idle && role === "server" && !this.#streams.late.has(header.streamId)) {
        return faults.refuse(errorCode.streamClosed, "HEADERS on a closed stream");
      }
      if (idle && (role === "client" || (header.streamId & 1) === 0)) {
        return faults.refuse(errorCode.protocolError, "HEADERS on a stream that the peer may not open");
      }
      if (idle) this.#streams.highestRemoteId = header.streamId;
    } else if (known.remote === "closed") {
      return faults.refuse(errorCode.streamClosed, "HEADERS behind the end of the stream");
    }
    this.#block = {
      streamId: header.streamId,
      endStream: (header.flags & frameFlag.endStream) !== 0,
      opens: idle,
      parts: [],
      bytes: 0,
      frames: 0,
    };
    if (selfDependent) this.#selfDependent = true;
    return this.#addToBlock(header, bytes, start, end);
  }

  /** Takes a CONTINUATION frame. RFC 9113 section 6.10. */
  onContinuation(header: FrameHeader, bytes: Buffer, start: number, end: number): number {
    if (this.#block === undefined) {
      return this.#core.faults.refuse(errorCode.protocolError, "CONTINUATION without HEADERS");
    }
    return this.#addToBlock(header, bytes, start, end);
  }

  #addToBlock(header: FrameHeader, bytes: Buffer, start: number, end: number): number {
    const { faults, limits } = this.#core;
    const block = this.#block as HeaderBlock;
    block.frames++;
    block.bytes += end - start;
    // Twice the limit, so that a list somewhat too long is still answered instead of ending the connection.
    if (block.frames > limits.continuationFrames || block.bytes > 2 * limits.headerListBytes) {
      return faults.refuse(errorCode.enhanceYourCalm, "a header block over too many frames or bytes");
    }
    if (header.flags & frameFlag.endHeaders) {
      this.#block = undefined;
      if (block.parts.length === 0) return this.#onBlock(block, bytes, start, end);
      block.parts.push(bytes.subarray(start, end));
      const whole = Buffer.concat(block.parts);
      return this.#onBlock(block, whole, 0, whole.length);
    }
    block.parts.push(Buffer.from(bytes.subarray(start, end)));
    return 0;
  }

  #onBlock({ streamId, endStream, opens }: HeaderBlock, bytes: Buffer, start: number, end: number): number {
    const { faults, limits } = this.#core;
    const fields: HeaderField[] = [];
    let listBytes = 0;
    let count = 0;
    let cookie = false;
    let tooLarge = false;
    const decoded = this.#decoder.decode(bytes, start, end, (field) => {
      // The crumbs of a request's cookie count as the one field that they are joined to. RFC 9113 section 8.2.3.
      if (cookie && field.name === "cookie") listBytes += crumbJoint + field.value.length;
      else {
        count++;
        listBytes += field.name.length + field.value.length + 32;
        cookie = opens && (cookie || field.name === "cookie");
      }
      tooLarge ||= listBytes > limits.headerListBytes || count > limits.headerCount;
      if (!tooLarge) fields.push(field);
      return listBytes <= bombFactor * limits.headerListBytes;
    });
    if (!decoded) return faults.refuse(errorCode.compressionError, "a header block that does not decode");
    if (listBytes > bombFactor * limits.headerListBytes) {
      return faults.refuse(errorCode.enhanceYourCalm, "a header block that decodes to far more than the limit");
    }
    const selfDependent = this.#selfDependent;
    this.#selfDependent = false;
    let stream = this.#streams.open.get(streamId);
    if (stream === undefined) {
      // What crossed our reset was decoded, since every block counts for those behind it, and is left alone.
      if (this.#streams.late.takeBlock(streamId, endStream)) return 0;
      if (!opens) return faults.spendControl();
      // Refused before it costs anything but its header block.
      if (this.#streams.full) return this.#streams.refuse(streamId, endStream);
      stream = this.#streams.add(streamId);
    }
    if (selfDependent) return this.#streams.fail(stream, errorCode.protocolError);
    return this.#deliver(stream, fields, { endStream, tooLarge });
  }

  #deliver(
    stream: Http2Stream<Owner>,
    fields: readonly HeaderField[],
    { endStream, tooLarge }: { readonly endStream: boolean; readonly tooLarge: boolean },
  ): number {
    const { events, faults, role } = this.#core;
    if (stream.sawHeaders) {
      // A second block is the trailers, which end the stream. RFC 9113 section 8.1.
      if (!endStream || tooLarge) return this.#streams.fail(stream, errorCode.protocolError);
      stream.remote = "closed";
      events.onTrailers(stream, fields);
      this.#streams.forgetClosed(stream);
      return 0;
    }
    const interim = role === "client" && fields[0]?.name === ":status" && fields[0].value.startsWith("1");
    if (!interim) stream.sawHeaders = true;
    if (endStream) stream.remote = "closed";
    if (tooLarge) events.onHeadersTooLarge(stream, endStream);
    else events.onHeaders(stream, fields, endStream);
    this.#streams.forgetClosed(stream);
    return tooLarge ? faults.afterReset() : 0;
  }
}
